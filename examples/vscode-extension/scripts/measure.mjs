// npm run measure: what the extension costs the editor's process, as the median of some starts of the editor. Writes the table in README.md.

import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from '../../../scripts/lib/failure.mjs'
import { main } from '../../../scripts/lib/main.mjs'
import { modelIr } from '../../../scripts/lib/places.mjs'
import { duration } from '../../../scripts/lib/quantity.mjs'
import { step } from '../../../scripts/lib/step.mjs'
import { build, example } from './places.mjs'
import { runInside } from './suite.mjs'
import { installTools } from './tools.mjs'
import { makeVsix } from './vsix.mjs'
import { makeQuietWorkspace } from './workspace.mjs'

const README = join(example, 'README.md')
const [BEGIN, END] = ['<!-- figures: made by npm run measure -->', '<!-- /figures -->']
const USAGE = 'npm run measure [-- --runs 5]; how often the editor is started, from 1 to 100.'

await main(async () => {
  const runs = runsOf(process.argv.slice(2))
  await makeVsix('linux-x64')
  const tools = await installTools()
  const workspace = await makeQuietWorkspace()
  const found = []
  try {
    for (let run = 1; run <= runs; run += 1) {
      await step(`Measuring, ${run} of ${runs}`, async () => found.push(await measure(tools, workspace.folder)))
    }
  } finally {
    workspace.remove()
  }
  write(found)
}, USAGE)

async function measure(tools, folder) {
  const { lines } = await runInside(tools, join(build, 'test', 'figures.js'), folder)
  const line = lines.find((line) => line.startsWith('figures '))
  if (line === undefined) throw new Failure('The editor answered no figures.', { output: lines })
  return JSON.parse(line.slice('figures '.length))
}

function write(found) {
  const of = (name) => median(found.map((figures) => figures[name]))
  const more = (name) => median(found.map((figures) => figures[name] - figures.memoryBefore))
  const rows = [
    ['the editor’s extension host, without any of it', '', size(of('memoryBefore'))],
    ['the extension is activated', duration(of('activation')), signed(more('memoryActivated'))],
    ['the addon is loaded', duration(of('addon')), signed(more('memoryAddon'))],
    ['the host is made, and rename-package compiled', duration(of('firstUse')), signed(more('memoryCompiled'))],
    ['the same again, from the cache', duration(of('nextUse')), ''],
    [
      `the package in ${Math.round(statSync(modelIr).size / 1000)} kB of IR is renamed; 100 times`,
      duration(of('call')),
      signed(more('memoryCalled')),
    ],
  ]
  const table = [
    '| | time | memory of the process |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `Medians of ${found.length} starts of the editor; load ${loadavg()[1].toFixed(1)} on ${cpus().length} processors, Linux. Made by \`npm run measure\`.`,
  ]
  const text = readFileSync(README, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Failure(`README.md has no place for the figures: ${BEGIN} … ${END}.`)
  writeFileSync(README, `${text.slice(0, begin + BEGIN.length)}\n\n${table.join('\n')}\n\n${text.slice(end)}`)
  for (const line of table) console.log(line)
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function size(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}

function signed(bytes) {
  return `${bytes < 0 ? '−' : '+'}${size(Math.abs(bytes))}`
}

function runsOf(args) {
  let runs
  try {
    runs = Number(parseArgs({ args, options: { runs: { type: 'string', default: '5' } } }).values.runs)
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  if (Number.isInteger(runs) && runs >= 1 && runs <= 100) return runs
  throw new WrongUsage('--runs is not a number from 1 to 100.', USAGE)
}
