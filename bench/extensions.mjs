// What the example extensions with a name of their own cost on models: time, memory and instructions of one call each.
//
//   node bench/extensions.mjs morphir-ir.json [another.json …]

import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { basename, join } from 'node:path'
import { ExtensionHost } from '../index.mjs'
import { Failure, WrongUsage } from '../scripts/lib/failure.mjs'
import { main } from '../scripts/lib/main.mjs'
import { extensions } from '../scripts/lib/places.mjs'
import { duration, size } from '../scripts/lib/quantity.mjs'
import { markdownTable } from './page.mjs'

const CALLS = 100
const TRIALS = [
  { name: 'rename-package', method: 'transform', options: { to: 'New.Package.Name' } },
  { name: 'ir-stats', method: 'validate', options: {} },
  { name: 'json-schema', method: 'generate', options: {} },
  { name: 'lint', method: 'validate', options: {} },
]
const USAGE = 'node bench/extensions.mjs morphir-ir.json [another.json …]'

await main(async () => {
  const models = process.argv.slice(2)
  if (models.length === 0) throw new WrongUsage('There is no model to measure with.', USAGE)
  const rows = []
  for (const model of models) {
    const ir = read(model)
    for (const trial of TRIALS) rows.push([basename(model), size(ir.length), ...(await measure(trial, ir))])
  }
  const titles = ['model', 'size', 'extension', 'output', 'time', 'memory', 'fuel']
  console.log(markdownTable([titles, ...rows]))
  const load = loadavg()[0].toFixed(1)
  console.log(
    `\nThe quickest of ${CALLS} calls, because what else the machine does only ever makes them slower; load ${load} on ${availableParallelism()} processors, Node.js ${process.version}.`,
  )
})

function read(model) {
  try {
    return readFileSync(model)
  } catch (error) {
    throw new WrongUsage(`The model ${model} cannot be read: ${error.message}.`, USAGE)
  }
}

async function measure({ name, method, options }, ir) {
  const path = join(extensions, name, `${name}.wasm`)
  if (!existsSync(path)) {
    throw new Failure(`There is no ${path}.`, { advice: `npm run build:extensions -- --only ${name}` })
  }
  const params = Buffer.concat([Buffer.from(`{"options":${JSON.stringify(options)},"ir":`), ir, Buffer.from('}')])
  const host = new ExtensionHost()
  try {
    const load = (permissions) =>
      host.loadExtension({
        name,
        source: { type: 'wasm', path },
        permissions: { maxMemory: '1GiB', maxExecutionTime: '60s', ...permissions },
      })
    const id = await load({})
    const times = []
    let output
    for (let call = 0; call < CALLS; call += 1) {
      const started = performance.now()
      output = await host.callRaw(id, method, params)
      times.push(performance.now() - started)
    }
    // Counting instructions takes time of its own.
    const counting = await load({ maxFuel: Number.MAX_SAFE_INTEGER })
    await host.callRaw(counting, method, params)
    const fuel = `${Math.round(host.stats(counting).fuel / 1e6)} million`
    return [name, size(output.length), duration(Math.min(...times)), size(host.stats(id).peakMemory), fuel]
  } finally {
    await host.close()
  }
}
