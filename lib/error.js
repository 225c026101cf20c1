'use strict'

/** Why a load or a call failed. Match on `code`; the message is for people. */
class ExtensionError extends Error {
  /**
   * @param {{ code: string, message: string, extension?: string, method?: string, cause?: unknown,
   *   rpc?: { code: number, data?: unknown } }} failure
   */
  constructor({ code, message, extension, method, cause, rpc }) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    if (extension !== undefined) this.extension = extension
    if (method !== undefined) this.method = method
    if (rpc !== undefined) this.rpc = rpc
  }
}
// Not an own property: errors print their code, and their name once.
Object.defineProperty(ExtensionError.prototype, 'name', { value: 'ExtensionError', configurable: true, writable: true })

/** The error for a failure that the binding reports. */
function fromFailure(failure, { cause, ...known } = {}) {
  // The core knows the names of what it found; the caller knows what it asked for.
  const underneath = cause ?? (failure.cause === undefined ? undefined : new Error(failure.cause))
  return new ExtensionError({ ...known, ...failure, cause: underneath, rpc: rpcOf(failure) })
}

/** What an extension that speaks JSON-RPC said beside its message. */
function rpcOf({ rpcCode: code, rpcData: data }) {
  if (code === undefined) return undefined
  return data === undefined ? { code } : { code, data: JSON.parse(data) }
}

module.exports = { ExtensionError, fromFailure }
