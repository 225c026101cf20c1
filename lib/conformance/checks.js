'use strict'

// Every check, in the order in which they run. What one needs has to have passed, or it is skipped: it could only say the same again.

const { answers, echo, large, parallel } = require('./checks/answers.js')
const { memory, recovery, timeout } = require('./checks/limits.js')
const { error, malformed, unknownMethod } = require('./checks/refusals.js')
const { callable, capabilities, initialize, loads } = require('./checks/start.js')
const { unicode, utf8 } = require('./checks/texts.js')

module.exports = [
  { name: 'loads', title: 'it loads within its limits', judge: loads, needs: [] },
  { name: 'initialize', title: '`initialize` answers ready', judge: initialize, needs: ['loads'] },
  { name: 'capabilities', title: '`capabilities` answers a list', judge: capabilities, needs: ['initialize'] },
  { name: 'callable', title: 'every capability can be called', judge: callable, needs: ['capabilities'] },
  { name: 'echo', title: '`echo` answers its params', judge: echo, needs: ['capabilities'] },
  { name: 'answers', title: 'its method answers, twice the same', judge: answers, needs: ['capabilities'] },
  { name: 'error', title: 'params that are not JSON are an error', judge: error, needs: ['capabilities'] },
  { name: 'unknown-method', title: 'an unknown method is refused', judge: unknownMethod, needs: ['answers'] },
  { name: 'malformed', title: 'malformed params are errors, no harm', judge: malformed, needs: ['answers'] },
  { name: 'unicode', title: 'text of every script survives', judge: unicode, needs: ['answers'] },
  { name: 'large', title: 'a megabyte of params is answered', judge: large, needs: ['answers'] },
  { name: 'parallel', title: 'calls at once answer as one by one', judge: parallel, needs: ['answers'] },
  { name: 'timeout', title: 'it can be stopped and goes on', judge: timeout, needs: ['answers'] },
  { name: 'memory', title: 'short of memory it errs and goes on', judge: memory, needs: ['answers'] },
  { name: 'recovery', title: 'after a fault it is as it was', judge: recovery, needs: ['answers'] },
  { name: 'utf8', title: 'answers and log lines are UTF-8', judge: utf8, needs: ['capabilities'] },
]
