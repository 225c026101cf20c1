// npm run fuzz: each fuzz target for a while. What they check is in fuzz/README.md.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cargoProgress } from './lib/cargo.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { root } from './lib/places.mjs'
import { count } from './lib/quantity.mjs'
import { attempt, ending, run } from './lib/run.mjs'
import { step } from './lib/step.mjs'

/** The targets, and the longest input that each is given, in bytes. */
const TARGETS = { prepare: 8192, config: 2048, call: 4096 }
/** What the engine needs; the nightly compiler of that number will do. */
const OLDEST_RUST = 96
/** An input that takes longer is a finding, in seconds. */
const TIMEOUT = 10
/** All memory of the fuzzing process, in megabytes. */
const MEMORY = 1024

const fuzz = join(root, 'fuzz')
const USAGE = `npm run fuzz [-- --seconds 60] [--target ${Object.keys(TARGETS).join('|')}], which may be given more than once.`

await main(async () => {
  const { seconds, targets } = optionsOf(process.argv.slice(2))
  await checkTools()
  await step('Building the fuzz targets, which takes ten minutes from nothing', (live) =>
    // Without a sanitizer: the host is safe Rust, and the engine's own tricks with memory would look like mistakes.
    run('cargo', ['+nightly', 'fuzz', 'build', '--sanitizer', 'none'], { onLine: cargoProgress(live) }),
  )
  const failed = []
  for (const target of targets) {
    if (!(await runTarget(target, seconds))) failed.push(target)
  }
  if (failed.length > 0) {
    throw new Failure(`Found something in ${failed.join(', ')}.`, {
      advice: 'fuzz/README.md tells how to try an input again and how to make it smaller.',
    })
  }
})

function optionsOf(args) {
  const options = {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', multiple: true, default: Object.keys(TARGETS) },
  }
  let values
  try {
    values = parseArgs({ args, options }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  const seconds = Number(values.seconds)
  if (!Number.isInteger(seconds) || seconds < 1)
    throw new WrongUsage('The seconds are a whole number from 1 on.', USAGE)
  const unknown = values.target.find((target) => !Object.hasOwn(TARGETS, target))
  if (unknown !== undefined) throw new WrongUsage(`There is no fuzz target ${unknown}.`, USAGE)
  return { seconds, targets: values.target }
}

async function checkTools() {
  await step('Checking nightly Rust and cargo-fuzz', async () => {
    // Said explicitly: rustup must not start to install a toolchain in the middle of this.
    const env = { RUSTUP_AUTO_INSTALL: '0' }
    const nightly = await attempt('rustc', ['+nightly', '--version'], { env })
    const [, minor] = /^rustc 1\.(\d+)\./.exec(nightly.stdout?.[0] ?? '') ?? []
    if (nightly.code !== 0 || Number(minor) < OLDEST_RUST) {
      throw new Failure(
        nightly.code === 0
          ? `Nightly Rust is too old: ${nightly.stdout[0]}.`
          : 'There is no nightly Rust, which fuzzing needs.',
        { advice: 'run rustup toolchain install nightly --profile minimal.' },
      )
    }
    if ((await attempt('cargo', ['+nightly', 'fuzz', '--version'], { env })).code === 0) return
    throw new Failure('There is no cargo-fuzz.', { advice: 'run cargo install cargo-fuzz --locked.' })
  })
}

/** Answers whether nothing was found. */
async function runTarget(target, seconds) {
  const found = join(fuzz, 'found', target)
  mkdirSync(found, { recursive: true })
  return step(`Fuzzing ${target} for ${count(seconds, 'second')}`, async (live) => {
    const args = [
      ...['+nightly', 'fuzz', 'run', '--sanitizer', 'none', target, found, join(fuzz, 'corpus', target), '--'],
      ...[
        `-max_total_time=${seconds}`,
        `-max_len=${TARGETS[target]}`,
        `-timeout=${TIMEOUT}`,
        `-rss_limit_mb=${MEMORY}`,
      ],
      ...[`-dict=${join(fuzz, 'dictionaries', `${target}.dict`)}`, '-print_final_stats=1'],
    ]
    const progress = /^#(\d+)\s.*cov: (\d+)/
    let runs = 0
    let coverage = 0
    const end = await attempt('cargo', args, {
      onLine: (line) => {
        const match = progress.exec(line)
        if (match === null) return
        ;[runs, coverage] = match.slice(1).map(Number)
        live.now(`${count(runs, 'input')}, ${count(coverage)} places covered`)
      },
    })
    if (end.missing) throw new Failure(`${ending(end, 'cargo', args)}.`)
    live.note(`${count(runs, 'input')}, ${count(coverage)} places covered`)
    if (end.code === 0) return true
    for (const line of end.lines.slice(-30)) console.log(`  | ${line}`)
    return false
  })
}
