// A process of its own that loads the extension once, and prints how many milliseconds that took: what a program's second
// start costs.

import { ExtensionHost } from '../../index.mjs'
import { EXTENSION } from './extension.mjs'

const host = new ExtensionHost({ cacheDir: process.argv[2] })
const started = performance.now()
await host.loadExtension(EXTENSION)
console.log(performance.now() - started)
await host.close()
