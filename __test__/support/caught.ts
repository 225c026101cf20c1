import type { ExtensionError } from '@finos/morphir-extension-host'

/** What some work throws; an error where it does not. */
export function caught(work: () => unknown): ExtensionError {
  let value
  try {
    value = work()
  } catch (error) {
    return error as ExtensionError
  }
  throw new Error(`It was expected to throw, but it answered ${JSON.stringify(value)}.`)
}
