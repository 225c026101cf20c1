// This host, as a runtime for trials.

import { ExtensionHost } from '../../index.mjs'
import { drive } from './driver.mjs'

const trial = JSON.parse(process.argv[2])
let count = 0
const host = new ExtensionHost({ cacheDir: false, onLog: () => (count += 1) })

await drive(trial, { load, logged: () => count, limited: true })

async function load({ memory, time, directories, readonly }, module) {
  const id = await host.loadExtension({
    name: 'guest',
    source: { type: 'wasm', path: module },
    lifecycle: 'none',
    permissions: {
      maxMemory: memory,
      maxExecutionTime: time,
      filesystem: grants(directories),
      readonlyPaths: grants(readonly),
    },
  })
  return {
    call: (method, input) => host.callRaw(id, method, input),
    end: () => host.unloadExtension(id, { cancel: true }),
  }
}

function grants(directories = {}) {
  return Object.entries(directories).map(([guestPath, path]) => ({ path, guestPath }))
}
