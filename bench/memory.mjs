// npm run memory: how much memory a process takes when an extension takes all that it can, against what it was granted. Writes a table
// into docs/permissions.md. That needs Linux, which tells how much memory a process took.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from '../scripts/lib/failure.mjs'
import { main } from '../scripts/lib/main.mjs'
import { root } from '../scripts/lib/places.mjs'
import { run } from '../scripts/lib/run.mjs'
import { step } from '../scripts/lib/step.mjs'
import { table } from '../scripts/lib/table.mjs'
import { compileGuest } from '../scripts/lib/guest.mjs'
import { markdownTable, provenance, writePart } from './page.mjs'
import { harmless, takers } from './memory/list.mjs'

const MIB = 1024 * 1024
const GRANTS = [16 * MIB, 64 * MIB, 256 * MIB]
/** What docs/permissions.md promises beside a grant and the copies of what a call carries: tables, variables, log, error text, code. */
const PROMISED = 12 * MIB
/** What a call carries is in the process twice beside the grant: on its way, and as its caller's. */
const COPIES = 2
const USAGE = `npm run memory takes no arguments. It measures what extensions that take all they can come to in a process, and writes the table in\ndocs/permissions.md.`

await main(async () => {
  checkUsage(process.argv.slice(2))
  if (process.platform !== 'linux') throw new Failure('Only Linux tells how much memory a process took.')
  const directory = mkdtempSync(join(tmpdir(), 'morphir-memory-'))
  try {
    const rows = []
    const excesses = []
    for (const taker of takers) {
      const cells = []
      for (const grant of GRANTS) {
        const taken = await measure(taker, grant, directory)
        const carried = taker.carried?.(grant) ?? 0
        excesses.push({ title: taker.title, grant, bytes: taken - grant - COPIES * carried })
        cells.push(`${mebibytes(taken)} (${signed(taken - grant)})`)
      }
      rows.push([taker.title, ...cells])
    }
    excesses.sort((one, other) => other.bytes - one.bytes)
    tell(rows, excesses)
  } finally {
    rmSync(directory, { recursive: true })
  }
}, USAGE)

function checkUsage(args) {
  try {
    parseArgs({ args, options: {} })
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
}

/** How many bytes more a process takes with this guest than with a harmless one. */
function measure(taker, grant, directory) {
  return step(`${taker.title}, granted ${mebibytes(grant)}`, async (live) => {
    live.now('a harmless guest')
    const baselines = []
    for (let times = 0; times < 3; times += 1) baselines.push(await peakWith(harmless, grant, directory))
    live.now('the guest')
    const peak = await peakWith(taker, grant, directory)
    const taken = peak - baselines.toSorted((one, other) => one - other)[1]
    live.note(mebibytes(taken))
    return taken
  })
}

async function peakWith({ title, guest, input, expected }, grant, directory) {
  const told = JSON.stringify({ module: await compileGuest(guest, directory), grant, input: input?.(grant) ?? '' })
  const { stdout } = await run(process.execPath, ['--expose-gc', join(root, 'bench', 'memory', 'child.mjs'), told])
  const { outcomes, peak } = JSON.parse(stdout.at(-1))
  if (!outcomes.every((outcome) => expected.includes(outcome))) {
    throw new Failure(`The guest for "${title}" came to ${outcomes.join(' and ')} instead of ${expected.join(' or ')}.`)
  }
  return peak
}

function tell(rows, excesses) {
  const head = ['what the guest takes', ...GRANTS.map((grant) => `granted ${mebibytes(grant)}`)]
  for (const line of table([head, ...rows])) console.log(line)
  const [most] = excesses
  const constant =
    `Beyond the grant and two copies of what a call carries, the most were ${mebibytes(most.bytes)} ` +
    `(${most.title}, granted ${mebibytes(most.grant)}).`
  console.log(constant)
  const text = `${markdownTable([head, ...rows])}\n\n${constant}\n${provenance('npm run memory')}`
  writePart('docs/permissions.md', 'memory', text)
  console.log('written into docs/permissions.md')
  const findings = excesses.filter(({ bytes }) => bytes > PROMISED)
  if (findings.length === 0) return
  const told = findings.map(({ title, grant, bytes }) => `${title}, granted ${mebibytes(grant)}: ${mebibytes(bytes)}`)
  throw new Failure('A process took more than docs/permissions.md promises beside the grant.', { output: told })
}

function mebibytes(bytes) {
  return `${Math.round(bytes / MIB)} MiB`
}

function signed(bytes) {
  const rounded = Math.round(bytes / MIB)
  return rounded < 0 ? `−${-rounded}` : `+${rounded}`
}
