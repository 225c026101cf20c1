// A process of its own with an extension that is loaded and does nothing; prints how many bytes of memory the process has.

import { setTimeout as pause } from 'node:timers/promises'
import { ExtensionHost } from '../../index.mjs'

const { name, path, cacheDir, instances } = JSON.parse(process.argv[2])
const host = new ExtensionHost({ cacheDir })
await host.loadExtension({ name, source: { type: 'wasm', path }, instances })
for (let round = 0; round < 3; round += 1) {
  gc()
  await pause(50)
}
console.log(process.memoryUsage.rss())
await host.close()
