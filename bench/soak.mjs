// npm run soak: good and hostile calls from several worker threads for minutes or hours. Draws what the process used meanwhile,
// and fails where that grew or anything came out otherwise than it has to.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from '../scripts/lib/failure.mjs'
import { main } from '../scripts/lib/main.mjs'
import { root } from '../scripts/lib/places.mjs'
import { draw } from './soak/chart.mjs'
import { Crew } from './soak/crew.mjs'
import { compileGuests } from './soak/guests.mjs'
import { Recorder } from './soak/recorder.mjs'
import { judge } from './soak/verdict.mjs'

const USAGE = `npm run soak -- [--minutes 2] [--workers 3] [--out target/soak] [--seed 1] [--package <dir>] [--only echoes,attack]
  --out      writes <out>.jsonl, a sample to a line, and <out>.png
  --package  the built package to try, where it is not this one
  --only     does nothing else: names of functions in bench/soak/good.mjs and bad.mjs`

await main(async () => {
  const { minutes, workers, out, seed, directory, only } = optionsOf(process.argv.slice(2))
  await checkPackage(directory)
  mkdirSync(dirname(out), { recursive: true })
  const cacheDir = mkdtempSync(join(tmpdir(), 'morphir-soak-'))
  try {
    const recorder = new Recorder(`${out}.jsonl`, { minutes, workers, seed })
    const crew = new Crew({ directory, cacheDir, guests: await compileGuests(), workers, seed, only })
    recorder.sample(crew.tally, 'before')
    crew.start()
    await recorder.record(crew, minutes * 60_000)
    await crew.stop()
    recorder.sample(crew.tally, 'after')
    const verdict = judge(recorder.samples, crew)
    recorder.end(verdict)
    writeFileSync(`${out}.png`, await draw(recorder.samples, verdict))
    tell(verdict, out)
    // A worker that does not end would keep the process for ever.
    if (crew.alive > 0) process.exit()
  } finally {
    rmSync(cacheDir, { recursive: true, force: true })
  }
}, USAGE)

function optionsOf(args) {
  const options = {
    minutes: { type: 'string', default: '2' },
    workers: { type: 'string', default: '3' },
    out: { type: 'string', default: join(root, 'target', 'soak') },
    seed: { type: 'string', default: '1' },
    package: { type: 'string', default: root },
    only: { type: 'string' },
  }
  let values
  try {
    values = parseArgs({ args, options }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  const [minutes, workers, seed] = [values.minutes, values.workers, values.seed].map(Number)
  if (!(minutes >= 0.5 && minutes <= 24 * 60)) throw new WrongUsage('The minutes are from 0.5 to 1440.', USAGE)
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= 64)) {
    throw new WrongUsage('The workers are from 1 to 64.', USAGE)
  }
  if (!Number.isInteger(seed)) throw new WrongUsage('The seed is a whole number.', USAGE)
  return {
    minutes,
    workers,
    seed,
    out: resolve(values.out),
    directory: resolve(values.package),
    only: values.only?.split(','),
  }
}

async function checkPackage(directory) {
  try {
    await import(pathToFileURL(join(directory, 'index.mjs')).href)
  } catch (error) {
    throw new Failure(`The package cannot be loaded: ${error.message.split('\n', 1)[0]}`, {
      advice: 'run npm run build.',
    })
  }
}

function tell({ flat, lines, unexpected, unexpectedCount }, out) {
  for (const line of lines) console.log(line)
  for (const [what, times] of unexpected) console.log(`unexpected, ${times} times: ${what}`)
  console.log(`drawn in ${relative(process.cwd(), `${out}.png`)}`)
  const well = flat && unexpectedCount === 0
  console.log(well ? 'flat, and nothing unexpected' : `${flat ? 'flat' : 'NOT FLAT'}, ${unexpectedCount} unexpected`)
  if (!well) process.exitCode = 1
}
