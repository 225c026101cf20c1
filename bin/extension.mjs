// One extension, loaded for one command.

import { ExtensionHost } from '../index.mjs'
import { interrupt } from './interrupt.mjs'
import { inLine } from './printable.mjs'
import { waiting } from './progress.mjs'
import { dimOnError } from './style.mjs'

/**
 * Loads an extension, works with it, and unloads it.
 * @param {object} hostOptions what `new ExtensionHost` takes
 * @param {object} configuration what `loadExtension` takes
 * @param {(extension: { host: ExtensionHost, id: number, signal: AbortSignal, milliseconds: number }) => Promise<T>} work
 * @template T
 */
export async function withExtension(hostOptions, configuration, work) {
  const signal = interrupt()
  // On a thread of its own, or Ctrl-C would wait for libuv's pool, which compiles to the end.
  const host = new ExtensionHost({ threads: 1, ...hostOptions })
  try {
    const since = performance.now()
    const id = await waiting(`Loading ${inLine(configuration.name)} …`, host.loadExtension(configuration, { signal }))
    return await work({ host, id, signal, milliseconds: performance.now() - since })
  } finally {
    await host.close({ cancel: true })
  }
}

/** Shows what extensions log, as --verbose wants it. */
export const verbose = {
  logLevel: 'trace',
  onLog: ({ level, method, message }) => {
    const where = method === undefined ? '' : ` ${method}:`
    console.error(dimOnError(`${level.padEnd(5)}${where} ${inLine(message, 8192)}`))
  },
}
