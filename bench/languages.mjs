// npm run languages: what an extension costs in each language, by the same extension in nine of them. Writes a table into docs/languages.md.

import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from '../scripts/lib/failure.mjs'
import { main } from '../scripts/lib/main.mjs'
import { root } from '../scripts/lib/places.mjs'
import { run } from '../scripts/lib/run.mjs'
import { step } from '../scripts/lib/step.mjs'
import { table } from '../scripts/lib/table.mjs'
import { markdownTable, provenance, writePart } from './page.mjs'
import { columns } from './languages/columns.mjs'
import { languages, moduleOf } from './languages/list.mjs'
import { median } from './languages/median.mjs'
import { misses } from './languages/misses.mjs'

const PAGE = 'docs/languages.md'
const FEW = 1
const MANY = 9
const EFFORT = { full: { rounds: 5, calls: 2000, largeCalls: 15 }, quick: { rounds: 1, calls: 200, largeCalls: 3 } }
const names = languages.map(({ name }) => name)
const USAGE = `npm run languages [-- --only c,zig] [--quick]
  --only   measures these alone: ${names.join(', ')}
  --quick  measures each once, which takes a minute and says little
  Both print the table and leave ${PAGE} as it is.`

await main(async () => {
  const { chosen, quick } = optionsOf(process.argv.slice(2))
  const built = chosen.filter(({ name }) => existsSync(moduleOf(name)))
  checkAll(built)
  const [loadBefore] = loadavg()
  const { rounds, ...effort } = quick ? EFFORT.quick : EFFORT.full
  const found = new Map(built.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round += 1) {
    // One language after the other, and all of them again: what else the machine does is shared by all.
    await step(`Round ${round} of ${rounds}`, async (live) => {
      for (const { name, title } of built) {
        const told = await measure(name, effort, (what) => live.now(`${title}: ${what}`))
        found.get(name).push(told)
      }
    })
  }
  const busy = `load ${loadBefore.toFixed(1)} before and ${loadavg()[0].toFixed(1)} after, on ${availableParallelism()} processors`
  tell(chosen, found, { rounds, busy, whole: !quick && chosen.length === languages.length })
}, USAGE)

function optionsOf(args) {
  let values
  try {
    const options = { only: { type: 'string' }, quick: { type: 'boolean', default: false } }
    values = parseArgs({ args, options }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  const wanted = values.only?.split(',')
  const unknown = wanted?.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new WrongUsage(`There is no language ${unknown}.`, USAGE)
  return { chosen: languages.filter(({ name }) => wanted?.includes(name) ?? true), quick: values.quick }
}

/** Before minutes go into measuring. */
function checkAll(built) {
  if (built.length === 0) {
    throw new Failure('None of the extensions is built.', { advice: 'run npm run build:extensions -- --install.' })
  }
  try {
    // Not by `import`: Node.js 20 ends a process whose import fails within CommonJS, whoever catches that.
    createRequire(import.meta.url)('../index.js')
  } catch (error) {
    throw new Failure(`The package cannot be loaded: ${error.message.split('\n', 1)[0]}`, {
      advice: 'run npm run build.',
    })
  }
}

/** All figures of a language once, each by processes of its own. */
async function measure(name, effort, now) {
  const cacheDir = mkdtempSync(join(tmpdir(), 'morphir-languages-'))
  const child = (file, more) => ask(file, { name, path: moduleOf(name), cacheDir, ...more })
  try {
    now('first load')
    const firstLoad = await child('load.mjs')
    now('load from the cache')
    const cachedLoad = await child('load.mjs')
    now('calls')
    const calls = await child('calls.mjs', effort)
    now('memory')
    const more = (await child('idle.mjs', { instances: MANY })) - (await child('idle.mjs', { instances: FEW }))
    return { size: statSync(moduleOf(name)).size, firstLoad, cachedLoad, ...calls, memory: more / (MANY - FEW) }
  } finally {
    rmSync(cacheDir, { recursive: true })
  }
}

async function ask(file, told) {
  const script = join(root, 'bench', 'languages', file)
  const { stdout } = await run(process.execPath, ['--expose-gc', script, JSON.stringify(told)])
  return JSON.parse(stdout.at(-1))
}

function tell(chosen, found, { rounds, busy, whole }) {
  const head = ['language', ...columns.map(({ title }) => title)]
  const medians = new Map([...found].map(([name, all]) => [name, mediansOf(all)]))
  const rows = (mark) =>
    chosen.map(({ name, title }) => [title, ...(medians.has(name) ? cells(medians.get(name), mark) : notBuilt(name))])
  for (const line of table([head, ...rows((text) => `${text} (!)`)])) console.log(line)
  const remarks = misses(chosen, medians)
  for (const line of remarks) console.log(line)
  console.log(busy)
  if (!whole) return
  const how = `Medians of ${rounds} rounds over the languages; ${busy}. ${provenance('npm run languages')}`
  const list = remarks.map((line) => `- ${line}`).join('\n')
  const parts = [markdownTable([head, ...rows((text) => `**${text}**`)]), list, how]
  writePart(PAGE, 'languages', parts.filter(Boolean).join('\n\n'))
  console.log(`written into ${PAGE}`)
}

function mediansOf(all) {
  return Object.fromEntries(Object.keys(all[0]).map((key) => [key, median(all.map((told) => told[key]))]))
}

/** What is beyond its limit is marked. */
function cells(figures, mark) {
  return columns.map(({ parts }) =>
    parts
      .map(({ key, show, limit }) => {
        const text = show(figures[key])
        return limit?.missed(figures[key]) ? mark(text) : text
      })
      .join(' / '),
  )
}

function notBuilt(name) {
  const [, ...rest] = columns
  return [`not built: \`npm run build:extensions -- --only ${name} --install\``, ...rest.map(() => '')]
}
