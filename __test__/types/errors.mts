// What callers can tell about a failure. Compiled, never run.

import { ExtensionError, ExtensionHost } from '@finos/morphir-extension-host'
import type { ErrorCode } from '@finos/morphir-extension-host'
import { same } from './same.mjs'

/** Every code has its case: one more, or one less, does not compile. */
export function advice(code: ErrorCode): string {
  switch (code) {
    case 'NotFound':
    case 'MethodNotFound':
      return 'Look up what there is.'
    case 'InvalidSource':
    case 'InvalidConfig':
    case 'IoError':
      return 'Mend the configuration.'
    case 'InitializationFailed':
    case 'ExtensionError':
    case 'ProtocolError':
    case 'Trap':
      return 'Ask its author.'
    case 'SerializationError':
      return 'Send JSON.'
    case 'Timeout':
    case 'MemoryLimit':
    case 'FuelExhausted':
      return 'Grant more.'
    case 'Cancelled':
    case 'Closed':
      return 'That was you.'
    case 'QueueFull':
      return 'Send less.'
    default: {
      const nothing: never = code
      return nothing
    }
  }
}

export async function caught(host: ExtensionHost): Promise<string | undefined> {
  try {
    await host.call(1, 'transform')
  } catch (error) {
    if (!(error instanceof ExtensionError)) throw error
    same<ErrorCode>()(error.code)
    same<'ExtensionError'>()(error.name)
    same<string | undefined>()(error.extension)
    same<string | undefined>()(error.method)
    same<number | undefined>()(error.index)
    same<unknown>()(error.cause)
    const isError: Error = error
    // @ts-expect-error codes are known: this one is misspelt
    if (error.code === 'TimeOut') return undefined
    // @ts-expect-error what happened does not change
    error.code = 'Trap'
    return `${advice(error.code)} ${isError.message}`
  }
  return undefined
}

// @ts-expect-error the host makes them
void new ExtensionError()
