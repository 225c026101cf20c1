import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ExtensionHost } from '@finos/morphir-extension-host'

export const place = fileURLToPath(new URL('.', import.meta.url))
export const cacheDir = join(place, 'cache')

/** The module of `fixtures/<name>.wat`, which is laid beside this file. */
export function guestFile(name) {
  return join(place, 'guests', `${name}.wasm`)
}

/** Does something with a host, which is closed afterwards. */
export async function withHost(work, options = {}) {
  const host = new ExtensionHost({ cacheDir, ...options })
  try {
    return await work(host)
  } finally {
    await host.close({ cancel: true })
  }
}

/** Does something with a host and an extension. */
export function withGuest(name, work, { host: options, ...config } = {}) {
  return withHost(async (host) => {
    const id = await host.loadExtension({ name, source: { type: 'wasm', path: guestFile(name) }, ...config })
    return work(host, id)
  }, options)
}
