// A process of its own that loads the extension once, and prints how many milliseconds that took: what a program's second
// start costs.

import { ExtensionHost } from '../../index.mjs'

const [path, cacheDir] = process.argv.slice(2)
const host = new ExtensionHost({ cacheDir })
const started = performance.now()
await host.loadExtension({ name: 'rename-package', source: { type: 'wasm', path } })
console.log(performance.now() - started)
await host.close()
