// What every runtime has to do, with nothing but `node:assert`: vitest runs on some of them only. `npm run runtimes` copies this folder
// beside the packed package and runs this file with each runtime. It prints a line of JSON for each case and then ends by itself.

import { writeSync } from 'node:fs'
import * as calls from './calls.mjs'
import * as failures from './failures.mjs'
import * as lifecycle from './lifecycle.mjs'
import * as processes from './processes.mjs'
import * as threads from './threads.mjs'

/** Emulated processors take their time. */
const PATIENCE = Number(process.env.RUNTIME_PATIENCE ?? 60_000)

const print = (line) => writeSync(1, `${JSON.stringify(line)}\n`)

for (const { cases } of [calls, failures, lifecycle, threads, processes]) {
  for (const [name, run] of Object.entries(cases)) {
    const started = performance.now()
    let reason
    try {
      await within(PATIENCE, run)
    } catch (error) {
      reason = error?.message ?? String(error)
    }
    print({ name, passed: reason === undefined, reason, took: Math.round(performance.now() - started) })
  }
}
print({ ended: true })

async function within(limit, run) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It still runs after ${limit} ms.`)), limit)
  })
  try {
    await Promise.race([run(), late])
  } finally {
    clearTimeout(timer)
  }
}
