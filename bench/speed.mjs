// npm run bench: this host beside its peers on the same guests and payloads, in turns, and against the figures that it should reach.
// Writes docs/performance.json and docs/performance.md.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { buildExtension } from '../scripts/lib/extensions.mjs'
import { Failure, WrongUsage } from '../scripts/lib/failure.mjs'
import { main } from '../scripts/lib/main.mjs'
import { buildModel } from '../scripts/lib/model.mjs'
import { installPackages } from '../scripts/lib/packages.mjs'
import { modelIr, renamePackage, root } from '../scripts/lib/places.mjs'
import { step } from '../scripts/lib/step.mjs'
import { installToolchain } from '../scripts/lib/toolchain.mjs'
import { measureAddons } from './speed/addon.mjs'
import { buildExample, listContenders, peers } from './speed/contenders.mjs'
import { curves } from './speed/curves.mjs'
import { makeGuests } from './speed/guests.mjs'
import { trials } from './speed/list.mjs'
import { describeMachine, isBusy } from './speed/machine.mjs'
import { printCurve, printTrial, writeCurves, writeTrials } from './speed/page.mjs'
import { runTrial } from './speed/rounds.mjs'

const ROUNDS = 10
const USAGE = `npm run bench [-- --only small,flight] [--rounds ${ROUNDS}] [--quick] [--curves] [--ir morphir-ir.json]
  --only     measures these alone: ${trials.map(({ name }) => name).join(', ')}
             or, with --curves: ${curves.map(({ name }) => name).join(', ')}
  --rounds   how often the contenders take turns
  --quick    a tenth of the calls and two rounds, to see whether it works: the figures are no good
  --curves   how cost grows instead, as plots
  --ir       a large IR of format version 3 to rename the package of, instead of the example model, enlarged
With --only, --quick or --ir, docs/ is left as it is; target/bench.json has the figures.`

await main(async () => {
  const options = optionsOf(process.argv.slice(2))
  const machine = describeMachine()
  if (isBusy(machine)) {
    console.log(`The machine is busy (load ${machine.load.toFixed(1)}): the figures will be too high.`)
  }
  const contenders = await prepare()
  const guests = await step('Making the guests and their payloads', () => makeGuests(options.ir))
  try {
    const setting = { ...options, contenders, guests }
    const results = { machine: { ...describeMachine(), rounds: options.rounds, ir: guests.ir } }
    if (options.curves) await measureCurves(results, setting)
    else await measureTrials(results, setting)
  } finally {
    guests.end()
  }
}, USAGE)

async function prepare() {
  await installPackages()
  await installPackages(peers)
  try {
    await import(pathToFileURL(join(root, 'index.mjs')).href)
  } catch (error) {
    const message = `The package cannot be loaded: ${error.message.split('\n', 1)[0]}`
    throw new Failure(message, { advice: 'run npm run build.' })
  }
  const toolchain = await installToolchain()
  const raw = await buildExample('raw_speed', toolchain)
  if (!existsSync(join(renamePackage, 'rename-package.wasm'))) await buildExtension('rename-package', toolchain.env)
  if (!existsSync(modelIr)) await buildModel()
  return listContenders(raw)
}

async function measureTrials(results, setting) {
  results.trials = {}
  for (const trial of setting.chosen) {
    if (trial.guest !== undefined && setting.guests.modules[trial.guest] === undefined) {
      console.log(`▸ ${trial.title}: left out, npm run build:extensions -- --only ${trial.guest} makes its guest.`)
      continue
    }
    const figures = await step(trial.title, (live) => runTrial(trial, setting, live.now))
    results.trials[trial.name] = figures
    printTrial(trial, figures, setting.contenders)
  }
  results.addons = await measureAddons()
  keep('target', 'bench', results)
  if (!setting.whole) return
  keep('docs', 'performance', results)
  writeTrials(results, setting)
  console.log('written into docs/performance.md')
}

async function measureCurves(results, setting) {
  results.curves = {}
  for (const curve of setting.chosen) {
    results.curves[curve.name] = await step(curve.title, async (live) => {
      const points = []
      for (const x of curve.xs) {
        const now = (state) => live.now(`${x}: ${state}`)
        points.push({ x, figures: await runTrial(curve.trial(x), setting, now) })
      }
      return points
    })
    printCurve(curve, results.curves[curve.name], setting.contenders)
  }
  keep('target', 'bench-curves', results)
  if (!setting.whole) return
  writeCurves(results, setting)
  console.log('written into docs/performance.md')
}

function keep(directory, name, results) {
  mkdirSync(join(root, directory), { recursive: true })
  writeFileSync(join(root, directory, `${name}.json`), `${JSON.stringify(results, rounded, 2)}\n`)
}

/** Nothing was measured to more digits than this. */
function rounded(_, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}

function optionsOf(args) {
  const options = {
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    curves: { type: 'boolean', default: false },
    ir: { type: 'string' },
  }
  let values
  try {
    values = parseArgs({ args, options }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  const { only, quick, ir } = values
  const rounds = Number(values.rounds ?? (quick ? 2 : ROUNDS))
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 1000)) {
    throw new WrongUsage('The rounds are a whole number from 1 to 1000.', USAGE)
  }
  const list = values.curves ? curves : trials
  const names = only?.split(',')
  const unknown = names?.find((name) => !list.some((entry) => entry.name === name))
  if (unknown !== undefined) throw new WrongUsage(`There is nothing called ${unknown} to measure.`, USAGE)
  return {
    chosen: list.filter(({ name }) => names?.includes(name) ?? true),
    curves: values.curves,
    rounds,
    quick,
    ir: ir && resolve(ir),
    whole: !quick && names === undefined && ir === undefined,
  }
}
