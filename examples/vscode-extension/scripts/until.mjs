import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../../scripts/lib/failure.mjs'

const STEP = 100

/** Waits until something holds, and answers what it came to. */
export async function until(what, holds, patience = 30_000) {
  for (let waited = 0; waited < patience; waited += STEP) {
    const value = await holds()
    if (value) return value
    await sleep(STEP)
  }
  throw new Failure(`It took more than ${patience / 1000} s until ${what}.`)
}
