// npm run examples: puts copies of the examples that use the package into a fresh folder, installs its tarballs there, does what their
// READMEs show, and fails where something else comes of it. What it packs, npm run build and npm run build:extensions have built.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as fleet from './examples/fleet.mjs'
import * as toolchain from './examples/toolchain.mjs'
import { runSessions } from './examples/sessions.mjs'
import { pack } from './examples/tarballs.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main, report } from './lib/main.mjs'
import { chosen } from './lib/only.mjs'
import { installPackages } from './lib/packages.mjs'
import { bold, green } from './lib/style.mjs'
import { step } from './lib/step.mjs'

/**
 * Each exports
 *   source   its folder
 *   prepare(directory, tarballs)   makes a copy ready to be run
 * and where it has them
 *   missing(), install(live)   the program that has to be there and may not be, as in the recipes of the extensions
 *   environment()   what its sessions need besides
 *   check(directory)   what a session cannot show
 */
const EXAMPLES = { toolchain, fleet }
const names = Object.keys(EXAMPLES)
const USAGE = `Runs the examples that use the package, in a fresh folder, and compares with their READMEs.

  npm run examples                       those whose programs are there
  npm run examples -- --install          all, with what is missing fetched first
  npm run examples -- --only toolchain   these; more than one --only may be given
  npm run examples -- --keep             leaves the folder, to try things in
  npm run examples -- --write            puts what is printed into the READMEs

  There are ${names.join(', ')}. The addon and the extensions have to be built before.

Exit code: 0 as the READMEs say; 1 not so; 2 wrong arguments.`
const ADVICE = 'npm run examples -- --help shows what there is.'

await main(async () => {
  const { help, only, keep, ...options } = optionsOf(process.argv.slice(2))
  if (help) return console.log(USAGE)
  await installPackages()
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'morphir-examples-'))
  try {
    const tarballs = await step('Packing the package', () => pack(directory))
    const failed = []
    const lacking = []
    for (const name of only) {
      try {
        const done = await example(name, join(directory, name), tarballs, options)
        if (!done) lacking.push(name)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        report(error)
        failed.push(name)
      }
    }
    if (failed.length > 0) throw new Failure(`These examples failed: ${failed.join(', ')}.`)
    const leftOut = lacking.length > 0 ? `; left out: ${lacking.join(', ')}` : ''
    console.log(green(`\nThe examples do what their READMEs say${leftOut}.`))
  } finally {
    if (keep) console.log(`The folder is ${directory}.`)
    else rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
})

function optionsOf(args) {
  let values
  try {
    const flag = { type: 'boolean', default: false }
    const options = { install: flag, keep: flag, write: flag, only: { type: 'string', multiple: true }, help: flag }
    values = parseArgs({ args, options }).values
  } catch (error) {
    // Its first sentence says what is wrong; the others are about a notation nobody needs here.
    throw new WrongUsage(`${error.message.split(/[.\n]/, 1)[0]}.`, ADVICE)
  }
  return { ...values, only: chosen(values.only, names, 'example', ADVICE) }
}

/** Runs one example, unless it lacks a program; answers whether it ran. */
async function example(name, directory, tarballs, { install, write }) {
  console.log(`\n${bold(name)}`)
  const { source, missing, prepare, environment, check } = EXAMPLES[name]
  const lacking = await missing?.()
  if (lacking !== undefined) {
    if (!install) {
      console.log(`Left out: it needs ${lacking.what}: ${lacking.install}.`)
      return false
    }
    await step(`Installing what it needs: ${lacking.what}`, (live) => EXAMPLES[name].install(live))
  }
  await prepare(directory, tarballs)
  // As somebody's terminal would be, but for colours; and npm says nothing of its own.
  const env = { NO_COLOR: '1', NPM_CONFIG_LOGLEVEL: 'silent', ...(await environment?.()) }
  await runSessions(join(source, 'README.md'), directory, { write, env })
  await check?.(directory)
  return true
}
