// A process of its own that calls an extension, and prints how long that took: in milliseconds, and in calls a second.

import { readFileSync } from 'node:fs'
import { ExtensionHost } from '../../index.mjs'
import { callRate } from '../../scripts/demo/measure.mjs'
import { percentile } from './median.mjs'

const LARGE = 1_000_000
const GREETING = {
  text: 'A hundred bytes of JSON, as small calls carry: a name, a number, and a few words.',
  at: 20261124,
}

const { name, path, cacheDir, calls, largeCalls } = JSON.parse(process.argv[2])
const host = new ExtensionHost({ cacheDir })
const load = (instances) => host.loadExtension({ name, source: { type: 'wasm', path }, instances })
const id = await load(1)
const ir = JSON.parse(readFileSync(new URL('../../fixtures/tiny-ir.json', import.meta.url), 'utf8'))
const large = Buffer.from(JSON.stringify({ ir: enlarged(ir) }))

const echo = await times(calls, () => host.call(id, 'echo', GREETING))
const transform = await times(calls, () => host.call(id, 'transform', { ir }))
const transformLarge = await times(largeCalls, () => host.callRaw(id, 'transform', large))
const pair = await load(2)
const rate = await callRate(() => host.call(pair, 'echo', GREETING))
console.log(
  JSON.stringify({
    echo: percentile(echo, 50),
    echoSlow: percentile(echo, 99),
    transform: percentile(transform, 50),
    transformSlow: percentile(transform, 99),
    large: percentile(transformLarge, 50),
    rate,
  }),
)
await host.close()

/** How long each of so many calls took, one after the other. */
async function times(calls, call) {
  // The first few find nothing in the processor's caches and no compiled JavaScript.
  for (let index = 0; index < calls / 10; index += 1) await call()
  const times = []
  for (let index = 0; index < calls; index += 1) {
    const started = performance.now()
    await call()
    times.push(performance.now() - started)
  }
  return times
}

/** The same IR with its module so often that it has the length of a large one. */
function enlarged(ir) {
  const [kind, name, dependencies, { modules }] = ir.distribution
  const [[, definition]] = modules
  const times = Math.ceil(LARGE / JSON.stringify(modules).length)
  const copies = Array.from({ length: times }, (_, index) => [[['shop', `${index}`]], definition])
  return { ...ir, distribution: [kind, name, dependencies, { modules: copies }] }
}
