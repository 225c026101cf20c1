// npm run attacks: the same hostile guests on this host and on its peers, each with the same grant and in a process of its own.
// Writes what becomes of them into docs/permissions.md. That needs Linux, which tells how much memory a process took.

import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from '../scripts/lib/failure.mjs'
import { main } from '../scripts/lib/main.mjs'
import { step } from '../scripts/lib/step.mjs'
import { cell } from './attacks/cell.mjs'
import { attacks } from './attacks/list.mjs'
import { markdownTable, provenance, writePart } from './page.mjs'
import { installRuntimes } from './attacks/runtimes.mjs'
import { setScene } from './attacks/scene.mjs'
import { runTrial } from './attacks/trial.mjs'

const MIB = 1024 * 1024
const GRANT = { memory: 64 * MIB, time: 1000 }
const USAGE = `npm run attacks [-- --only loop,sleep] [--verbose]
  --only     runs these alone and leaves the page as it is: ${attacks.map(({ name }) => name).join(', ')}
  --verbose  prints all that is known of each trial`

await main(async () => {
  const { chosen, verbose } = optionsOf(process.argv.slice(2))
  if (process.platform !== 'linux') throw new Failure('Only Linux tells how much memory a process took.')
  const runtimes = await installRuntimes()
  const scene = await setScene(GRANT)
  const rows = []
  try {
    for (const attack of chosen) rows.push([attack.title, ...(await tryAll(attack, { runtimes, scene, verbose }))])
  } finally {
    scene.end()
  }
  if (chosen.length < attacks.length) return
  const table = markdownTable([['what the guest does', ...runtimes.map(({ title }) => title)], ...rows])
  writePart('docs/permissions.md', 'attacks', `${table}\n\n${provenance('npm run attacks')}`)
  console.log('written into docs/permissions.md')
}, USAGE)

/** What becomes of an attack, runtime by runtime. */
async function tryAll(attack, { runtimes, scene, verbose }) {
  const cells = await step(`A guest that ${attack.title}`, async (live) => {
    const cells = []
    for (const { name, command } of runtimes) {
      live.now(name)
      const unavailable = attack.unavailable?.[name]
      if (unavailable !== undefined) {
        cells.push(`(${unavailable})`)
        continue
      }
      const report = await runTrial(command, await scene.trial(attack, name))
      if (verbose) console.log(report)
      cells.push(cell(attack, report, GRANT))
    }
    return cells
  })
  runtimes.forEach(({ name }, place) => console.log(`    ${name.padEnd(9)} ${cells[place]}`))
  return cells
}

function optionsOf(args) {
  let values
  try {
    values = parseArgs({
      args,
      options: { only: { type: 'string' }, verbose: { type: 'boolean', default: false } },
    }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  const names = values.only?.split(',')
  const unknown = names?.find((name) => !attacks.some((attack) => attack.name === name))
  if (unknown !== undefined) throw new WrongUsage(`There is no attack ${unknown}.`, USAGE)
  return { chosen: attacks.filter(({ name }) => names?.includes(name) ?? true), verbose: values.verbose }
}
