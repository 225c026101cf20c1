// A plain worker thread that answers with what it is sent: the least that leaving the thread costs in JavaScript.

import { Worker } from 'node:worker_threads'

export const concurrent = true

const ECHO = `const { parentPort } = require('node:worker_threads')
parentPort.on('message', (message) => parentPort.postMessage(message))`

export async function load() {
  const worker = new Worker(ECHO, { eval: true })
  // Answers come in the order of the questions.
  const waiting = []
  worker.on('message', (message) => waiting.shift()(message))
  const raw = (_, message) =>
    new Promise((resolve) => {
      waiting.push(resolve)
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
      worker.postMessage(message)
    })
  return { call: async (method, params) => JSON.parse(await raw(method, JSON.stringify(params))), raw }
}
