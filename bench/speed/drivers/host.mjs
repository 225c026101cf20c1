// This host, as its users have it.

import { ExtensionHost } from '../../../index.mjs'

/** Room for the largest payload there and back; every limit is in force. */
const PERMISSIONS = { maxMemory: '1GiB', maxOutput: '1GiB', maxExecutionTime: '60s' }

export const concurrent = true

let host

export async function load(module, { lifecycle, instances = 1, cacheDir = false, threads }) {
  host ??= new ExtensionHost({ cacheDir, threads })
  const id = await host.loadExtension({
    name: 'guest',
    source: { type: 'wasm', path: module },
    lifecycle,
    instances,
    permissions: PERMISSIONS,
  })
  return {
    call: (method, params) => host.call(id, method, params),
    raw: (method, input) => host.callRaw(id, method, input),
    many: (method, list) => host.callMany(id, method, list),
    sync: (method, params) => host.callSync(id, method, params),
  }
}
