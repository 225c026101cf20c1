// npm run instructions: how many instructions the core takes for a call and for a load, beside what the engine takes of them alone.
// Unlike times they are nearly the same each time and on every machine. Writes a table into docs/performance.md.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from '../scripts/lib/failure.mjs'
import { main } from '../scripts/lib/main.mjs'
import { installPackages } from '../scripts/lib/packages.mjs'
import { count } from '../scripts/lib/quantity.mjs'
import { attempt, run } from '../scripts/lib/run.mjs'
import { step } from '../scripts/lib/step.mjs'
import { table } from '../scripts/lib/table.mjs'
import { installToolchain } from '../scripts/lib/toolchain.mjs'
import { compileGuest } from '../scripts/lib/guest.mjs'
import { markdownTable, provenance, writePart } from './page.mjs'
import { buildExample } from './speed/contenders.mjs'

const USAGE =
  'npm run instructions takes no arguments. It counts the instructions of calls and loads, which no other work disturbs.'
const NO_CACHE = '-'
const RUNS = 3
/** A slow call of the engine would be counted as ours. */
const ENVIRONMENT = { RUST_BACKTRACE: '0', RUST_LIB_BACKTRACE: '0' }

/** What is counted: `times`, and twice as often. */
const counted = [
  { title: 'a call, 100 B', what: 'call', bytes: 100, times: 20_000 },
  { title: 'one of many calls, 100 B', what: 'row', raw: 'raw-call', bytes: 100, times: 20_000 },
  { title: 'a call, 1 MB', what: 'call', bytes: 1_000_000, times: 10 },
  { title: 'a load from the cache', what: 'load', bytes: 0, times: 40 },
  { title: 'a load, nothing cached', what: 'load', bytes: 0, times: 5, uncached: true },
]

await main(async () => {
  checkUsage(process.argv.slice(2))
  const counter = await findCounter()
  await installPackages()
  const program = await buildExample('instructions', await installToolchain())
  const directory = mkdtempSync(join(tmpdir(), 'morphir-instructions-'))
  try {
    const module = await compileGuest('bench/speed/guests/text.wat', directory)
    const rows = []
    for (const entry of counted) {
      const [core, engine] = await step(`Counting ${entry.title}`, async () => [
        await each(counter, program, entry, module, directory),
        await each(counter, program, { ...entry, what: entry.raw ?? `raw-${entry.what}` }, module, directory),
      ])
      rows.push([entry.title, count(core), count(engine), count(core - engine)])
    }
    const head = ['', 'the core', 'the engine alone', 'difference']
    for (const line of table([head, ...rows], { right: [1, 2, 3] })) console.log(line)
    const text = `${markdownTable([head, ...rows])}\n\nCounted by ${counter.title}. ${provenance('npm run instructions')}`
    writePart('docs/performance.md', 'instructions', text)
    console.log('written into docs/performance.md')
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

/** The instructions of one time: the difference between n times and 2n leaves out how the program starts. */
async function each(counter, program, { what, bytes, times, uncached }, module, directory) {
  const input = join(directory, `${bytes}.txt`)
  writeFileSync(input, 'x'.repeat(bytes))
  const cache = uncached ? NO_CACHE : mkdtempSync(join(directory, 'cache-'))
  const command = (times) => [program, what, String(times), module, input, cache]
  // Fills the cache.
  await run(program, command(1).slice(1), { env: ENVIRONMENT })
  // What threads of the engine do at times of their own comes on top, so the least counts.
  const least = async (times) => {
    const counts = []
    for (let run = 0; run < RUNS; run += 1) counts.push(await counter.count(command(times)))
    return Math.min(...counts)
  }
  return Math.round(((await least(2 * times)) - (await least(times))) / times)
}

/** Valgrind counts the same everywhere; perf asks the processor, which virtual machines often hide. */
async function findCounter() {
  const perf = (command) => attempt('perf', ['stat', '-x,', '-e', 'instructions:u', ...command], { env: ENVIRONMENT })
  const counters = [
    {
      title: "valgrind's callgrind",
      run: (command) =>
        attempt('valgrind', ['--tool=callgrind', '--callgrind-out-file=/dev/null', ...command], { env: ENVIRONMENT }),
      pattern: /Collected\s*:\s*(\d+)/,
    },
    { title: 'perf', run: perf, pattern: /^(\d+),,instructions:u/ },
  ]
  for (const { title, run, pattern } of counters) {
    const number = (lines) => lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined)
    if (number((await run(['true'])).lines) === undefined) continue
    const count = async (command) => {
      const { lines, code } = await run(command)
      const found = number(lines)
      if (code === 0 && found !== undefined) return Number(found)
      throw new Failure(`${title} could not count \`${command.slice(1).join(' ')}\`.`, { output: lines })
    }
    return { title, count }
  }
  throw new Failure('Nothing here counts instructions.', {
    advice: 'install valgrind; on Debian and Ubuntu: apt-get install valgrind.',
  })
}
