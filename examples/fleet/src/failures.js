import { ExtensionError } from '@finos/morphir-extension-host'
import { UnrecoverableError } from 'bullmq'

/**
 * What the same package comes to on every machine and at every time. All else may be different next time: a `Timeout` comes from a loop
 * or from a busy machine, an error of a file from a disk that others share.
 */
const SAME_AGAIN = new Set([
  'ExtensionError',
  'FuelExhausted',
  'MemoryLimit',
  'MethodNotFound',
  'ProtocolError',
  'SerializationError',
  'Trap',
])

/** The error that a job fails with: it begins with the code, because Redis keeps nothing of it but the message. */
export function jobFailure(error) {
  if (!(error instanceof ExtensionError)) return error
  const message = `${error.code}: ${error.extension}: ${error.message}`
  return SAME_AGAIN.has(error.code) ? new UnrecoverableError(message) : new Error(message, { cause: error })
}

/** The code of the `ExtensionError` with which a job failed, if it was one. */
export function codeOf({ failedReason }) {
  return /^([A-Z]\w+): /.exec(failedReason ?? '')?.[1]
}
