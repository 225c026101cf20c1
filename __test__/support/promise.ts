import { setTimeout as sleep } from 'node:timers/promises'
import type { ExtensionError } from '@finos/morphir-extension-host'

/** What a promise rejects with; an error where it does not. */
export async function rejection(promise: Promise<unknown>): Promise<ExtensionError> {
  let value
  try {
    value = await promise
  } catch (error) {
    return error as ExtensionError
  }
  throw new Error(`The promise was expected to reject, but it answered ${JSON.stringify(value)}.`)
}

/** Waits until something holds, and gives up long after it should have. */
export async function until(holds: () => boolean, patience = 10_000): Promise<void> {
  const since = performance.now()
  while (!holds()) {
    if (performance.now() - since > patience) throw new Error(`After ${patience} ms it still does not hold: ${holds}`)
    await sleep(2)
  }
}

/** A promise's value, and how many milliseconds it took. */
export async function timed<T>(promise: Promise<T>): Promise<{ value: T; elapsed: number }> {
  const since = performance.now()
  const value = await promise
  return { value, elapsed: performance.now() - since }
}
