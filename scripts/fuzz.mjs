// npm run fuzz: each fuzz target for a while. What they check is in fuzz/README.md.

import { mkdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { cargoProgress } from './lib/cargo.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { root } from './lib/places.mjs'
import { count } from './lib/quantity.mjs'
import { attempt, run } from './lib/run.mjs'
import { step } from './lib/step.mjs'
import { installToolchain } from './lib/toolchain.mjs'

/** The targets, and the longest input that each is given, in bytes. */
const TARGETS = { prepare: 8192, config: 2048, call: 4096 }
/** An input that takes longer is a finding, in seconds. */
const TIMEOUT = 10
/** All memory of the fuzzing process, in megabytes. */
const MEMORY = 1024

const fuzz = join(root, 'fuzz')
const USAGE = `npm run fuzz [-- --seconds 60] [--target ${Object.keys(TARGETS).join('|')}] [--seed 1]; --target may be given more than once.
  --seed  a whole number, with which a run does the same again; by default each run goes another way`

/**
 * What cargo-fuzz asks of the compiler, which is the same with the pinned one: coverage of every branch. Without a sanitizer: the host is
 * safe Rust, and the engine's own tricks with memory would look like mistakes.
 */
const COVERAGE = [
  ...['-Cpasses=sancov-module', '--cfg=fuzzing', '-Cdebug-assertions', '-Ccodegen-units=1'],
  ...[
    '-sanitizer-coverage-level=4',
    '-sanitizer-coverage-inline-8bit-counters',
    '-sanitizer-coverage-pc-table',
    '-sanitizer-coverage-trace-compares',
    '-simplifycfg-branch-fold-threshold=0',
  ].map((option) => `-Cllvm-args=${option}`),
]

await main(async () => {
  const { seconds, targets, seed } = optionsOf(process.argv.slice(2))
  const toolchain = await installToolchain()
  await step('Building the fuzz targets, which takes ten minutes from nothing', (live) => build(toolchain, live))
  const failed = []
  for (const target of targets) {
    if (!(await runTarget(target, { seconds, seed }, toolchain))) failed.push(target)
  }
  if (failed.length > 0) {
    throw new Failure(`Found something in ${failed.join(', ')}.`, {
      advice: 'fuzz/README.md tells how to try an input again and how to make it smaller.',
    })
  }
}, USAGE)

function optionsOf(args) {
  const options = {
    seconds: { type: 'string', default: '60' },
    // libFuzzer takes 0 for none.
    seed: { type: 'string', default: '0' },
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
  const seed = Number(values.seed)
  if (!Number.isInteger(seed) || seed < 0) throw new WrongUsage('The seed is a whole number.', USAGE)
  const unknown = values.target.find((target) => !Object.hasOwn(TARGETS, target))
  if (unknown !== undefined) throw new WrongUsage(`There is no fuzz target ${unknown}.`, USAGE)
  return { seconds, seed, targets: values.target }
}

function build({ host, env }, live) {
  // With the triple, so that build scripts are not instrumented, which they would be without.
  const args = [
    'build',
    '--release',
    '--bins',
    '--locked',
    '--manifest-path',
    join(fuzz, 'Cargo.toml'),
    '--target',
    host,
  ]
  return run('cargo', [...args, '--target-dir', join(fuzz, 'target')], {
    env: { ...env, CARGO_ENCODED_RUSTFLAGS: COVERAGE.join('\x1f') },
    onLine: cargoProgress(live),
    advice: 'libFuzzer is C++: on Debian and Ubuntu, apt-get install g++.',
  })
}

/** Answers whether nothing was found. */
async function runTarget(target, { seconds, seed }, { host }) {
  const [found, artifacts] = ['found', 'artifacts'].map((name) => join(fuzz, name, target))
  for (const directory of [found, artifacts]) mkdirSync(directory, { recursive: true })
  return step(`Fuzzing ${target} for ${count(seconds, 'second')}`, async (live) => {
    const args = [
      ...[found, join(fuzz, 'corpus', target), `-artifact_prefix=${artifacts}${sep}`],
      ...[`-seed=${seed}`, `-max_total_time=${seconds}`, `-max_len=${TARGETS[target]}`, `-timeout=${TIMEOUT}`],
      ...[`-rss_limit_mb=${MEMORY}`, `-dict=${join(fuzz, 'dictionaries', `${target}.dict`)}`, '-print_final_stats=1'],
    ]
    const progress = /^#(\d+)\s.*cov: (\d+)/
    let runs = 0
    let coverage = 0
    const end = await attempt(join(fuzz, 'target', host, 'release', target), args, {
      onLine: (line) => {
        const match = progress.exec(line)
        if (match === null) return
        ;[runs, coverage] = match.slice(1).map(Number)
        live.now(`${count(runs, 'input')}, ${count(coverage)} places covered`)
      },
    })
    live.note(`${count(runs, 'input')}, ${count(coverage)} places covered`)
    if (end.code === 0) return true
    for (const line of end.lines.slice(-30)) console.log(`  | ${line}`)
    return false
  })
}
