// A process of its own that loads an extension, and prints how many milliseconds that took.

import { ExtensionHost } from '../../index.mjs'

const { name, path, cacheDir } = JSON.parse(process.argv[2])
const host = new ExtensionHost({ cacheDir })
const started = performance.now()
await host.loadExtension({ name, source: { type: 'wasm', path } })
console.log(performance.now() - started)
await host.close()
