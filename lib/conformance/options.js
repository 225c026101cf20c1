'use strict'

const { wrong } = require('../arguments.js')

const OPTIONS = ['config', 'method', 'params', 'permissions', 'functions', 'only', 'cacheDir', 'onResult']

/** What an author can set; a mistake is a TypeError. What concerns the loading of the extension is checked when it is loaded. */
function checkOptions(options, names) {
  if (!isObject(options)) throw wrong('The options', 'an object', options)
  const unknownOption = Object.keys(options).find((key) => !OPTIONS.includes(key))
  if (unknownOption !== undefined) {
    throw new TypeError(`checkConformance has no option "${unknownOption}"; it has ${OPTIONS.join(', ')}.`)
  }
  const { method, params, only, onResult } = options
  if (method !== undefined && (typeof method !== 'string' || method === '')) {
    throw wrong('method', 'a string that is not empty', method)
  }
  if (params !== undefined && !isObject(params)) throw wrong('params', 'an object: params by method', params)
  if (onResult !== undefined && typeof onResult !== 'function') throw wrong('onResult', 'a function', onResult)
  if (only === undefined) return
  if (!Array.isArray(only) || only.length === 0) throw wrong('only', 'a list of checks that is not empty', only)
  const unknown = only.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new TypeError(`There is no check "${unknown}"; there are ${names.join(', ')}.`)
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

module.exports = { checkOptions }
