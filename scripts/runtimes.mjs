// npm run runtimes: what every runtime has to do, done by each of them with the packed packages.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { installPackages } from './lib/packages.mjs'
import { platformHere } from './lib/platforms.mjs'
import { step } from './lib/step.mjs'
import { green, red } from './lib/style.mjs'
import { packMain, packPlatform } from './lib/tarball.mjs'
import { recordRuntimes, recordSuite } from './platforms/record.mjs'
import { Project } from './runtimes/project.mjs'
import { runtimeHere, runtimesForLinux, versionOf } from './runtimes/runtimes.mjs'
import { javascriptTests } from './test/runners.mjs'

/** Some minutes where nothing else runs. */
const LONGEST_SUITE = 30 * 60_000

const USAGE = `npm run runtimes [-- --only <name>] [--here] [--suite] [--record]

  Packs what was built, unpacks it into a project of its own, and runs __test__/runtimes there with Node.js 20, 22, 24 and 26, Bun and Deno,
  on Linux x64.

  --only    runtimes whose name begins so, such as "Node.js 2" or bun; more than one --only may be given
  --here    only the Node.js that runs this, on any system
  --suite   all JavaScript tests of the checkout instead, with each Node.js; what they need, npm test builds
  --record  writes what came of it into docs/platforms.md

Exit code: 0 each does all that it should; 1 failed; 2 wrong arguments.`

await main(async () => {
  const options = optionsOf(process.argv.slice(2))
  if (options.help) return console.log(USAGE)
  await installPackages()
  const platform = platformHere()
  const runtimes = options.here ? [runtimeHere(platform)] : await chosen(options.only)
  if (options.suite) return suite(runtimes.filter(isNode), options)
  const stage = mkdtempSync(join(tmpdir(), 'morphir-extension-host-tarballs-'))
  try {
    const tarballs = [await packMain(stage), await packPlatform(platform, stage)]
    const results = []
    await Project.with(tarballs, async (project) => {
      for (const runtime of runtimes) results.push(await tryOut(project, runtime))
    })
    if (options.record)
      recordRuntimes(results.map(({ name, version, passed, failed }) => ({ name, version, passed, failed })))
    conclude(results)
  } finally {
    rmSync(stage, { recursive: true })
  }
})

async function chosen(only) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Failure('The runtimes are tried on Linux x64.', {
      advice: 'npm run runtimes -- --here tries the one that runs this.',
    })
  }
  const all = await runtimesForLinux()
  if (only === undefined) return all
  const wanted = all.filter(({ name }) => only.some((begin) => name.toLowerCase().startsWith(begin.toLowerCase())))
  if (wanted.length > 0) return wanted
  throw new WrongUsage(`No runtime is named so; there are ${all.map(({ name }) => name).join(', ')}.`, USAGE)
}

/** Vitest runs on Node.js alone. */
function isNode({ name }) {
  return /^Node\.js \d+$/.test(name)
}

async function suite(runtimes, { record }) {
  if (runtimes.length === 0) throw new WrongUsage('None of these is Node.js, which vitest needs.', USAGE)
  const results = []
  for (const runtime of runtimes) {
    const { name, version, tally, lines } = await runSuite(runtime)
    results.push({ name, tally, lines })
    // At once: each takes minutes.
    if (record) recordSuite(name, { version, ...tally })
  }
  const broken = results.filter(({ tally }) => tally.failed > 0)
  for (const { name, lines } of broken) for (const line of lines) console.log(`  ${name} | ${line}`)
  if (broken.length > 0) throw new Failure(`${broken.map(({ name }) => name).join(', ')} did not pass all tests.`)
  console.log(green(`${results.map(({ name }) => name).join(', ')} passed all tests.`))
}

function runSuite(runtime) {
  const { name, command } = runtime
  return step(`Running all JavaScript tests with ${name}`, async (live) => {
    const version = await versionOf(runtime)
    const { tally, lines } = await javascriptTests(live, { node: command[0], timeout: LONGEST_SUITE })
    live.note(`${version}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`)
    return { name, version, tally, lines }
  })
}

async function tryOut(project, runtime) {
  const { name } = runtime
  return step(`Trying ${name}`, async (live) => {
    const version = await versionOf(runtime)
    const { passed, failed, lines } = await project.run(runtime, live)
    live.note(`${version}: ${passed} passed, ${failed.length} failed`)
    return { name, version, passed, failed, lines }
  })
}

function conclude(results) {
  for (const { name, failed, lines } of results) {
    for (const { name: what, reason } of failed) console.log(red(`  ${name}: ${what}: ${reason}`))
    if (failed.length > 0)
      for (const line of lines.filter((text) => !text.startsWith('{')).slice(-20)) console.log(`  | ${line}`)
  }
  const broken = results.filter(({ failed }) => failed.length > 0)
  if (broken.length > 0)
    throw new Failure(`${broken.map(({ name }) => name).join(', ')} did not do all that they should.`)
  console.log(
    green(`${results.length === 1 ? results[0].name : `All ${results.length} runtimes`} did what they should.`),
  )
}

function optionsOf(args) {
  try {
    const options = {
      only: { type: 'string', multiple: true },
      here: { type: 'boolean' },
      suite: { type: 'boolean' },
      record: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    }
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
}
