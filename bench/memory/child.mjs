// One guest in a process of its own: calls it, twice, and tells what that came to and how much memory the process took.

import { setTimeout as pause } from 'node:timers/promises'
import { ExtensionHost } from '../../index.mjs'
import { peakOf } from '../attacks/trial.mjs'

const { module, grant, input } = JSON.parse(process.argv[2])
const host = new ExtensionHost({ cacheDir: false, onLog: () => {} })
const id = await host.loadExtension({
  name: 'guest',
  source: { type: 'wasm', path: module },
  lifecycle: 'none',
  permissions: { maxMemory: grant, maxExecutionTime: '2s' },
})
const bytes = typeof input === 'number' ? new Uint8Array(input).fill(1) : input
const outcomes = []
for (let times = 0; times < 2; times += 1) {
  outcomes.push(
    await host.callRaw(id, 'attack', bytes).then(
      () => 'ok',
      (error) => error.code ?? String(error),
    ),
  )
  // What the first call answered is the caller's, and should not count twice.
  for (let round = 0; round < 3; round += 1) {
    gc()
    await pause(20)
  }
}
console.log(JSON.stringify({ outcomes, peak: peakOf('self') }))
process.exit()
