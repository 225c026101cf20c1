// npm run examples: puts copies of the examples that use the package into a fresh folder, installs its tarballs there, does what their
// READMEs show, and fails where something else comes of it. What it packs, npm run build and npm run build:extensions have built.

import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as toolchain from './examples/toolchain.mjs'
import { runSessions } from './examples/sessions.mjs'
import { pack } from './examples/tarballs.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main, report } from './lib/main.mjs'
import { installPackages } from './lib/packages.mjs'
import { bold, green } from './lib/style.mjs'
import { step } from './lib/step.mjs'

const EXAMPLES = { toolchain }
const names = Object.keys(EXAMPLES)
const USAGE = `Runs the examples that use the package, in a fresh folder, and compares with their READMEs.

  npm run examples                       all of them
  npm run examples -- --only toolchain   these; more than one --only may be given
  npm run examples -- --keep             leaves the folder, to try things in
  npm run examples -- --write            puts what is printed into the READMEs

  There are ${names.join(', ')}. The addon and the extensions have to be built before.

Exit code: 0 as the READMEs say; 1 not so; 2 wrong arguments.`
const ADVICE = 'npm run examples -- --help shows what there is.'

await main(async () => {
  const { help, only, keep, write } = optionsOf(process.argv.slice(2))
  if (help) return console.log(USAGE)
  await installPackages()
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'morphir-examples-'))
  try {
    const tarballs = await step('Packing the package', () => pack(directory))
    const failed = []
    for (const name of only) {
      try {
        await example(name, join(directory, name), tarballs, { write })
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        report(error)
        failed.push(name)
      }
    }
    if (failed.length > 0) throw new Failure(`These examples failed: ${failed.join(', ')}.`)
    console.log(green('The examples do what their READMEs say.'))
  } finally {
    if (keep) console.log(`The folder is ${directory}.`)
    else rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
})

function optionsOf(args) {
  let values
  try {
    const flag = { type: 'boolean', default: false }
    const options = { keep: flag, write: flag, only: { type: 'string', multiple: true }, help: flag }
    values = parseArgs({ args, options }).values
  } catch (error) {
    // Its first sentence says what is wrong; the others are about a notation nobody needs here.
    throw new WrongUsage(`${error.message.split(/[.\n]/, 1)[0]}.`, ADVICE)
  }
  const only = values.only?.flatMap((list) => list.split(',')) ?? names
  const unknown = only.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new WrongUsage(`There is no example named "${unknown}"; there are ${names.join(', ')}.`, ADVICE)
  }
  return { ...values, only: [...new Set(only)] }
}

async function example(name, directory, tarballs, { write }) {
  console.log(`\n${bold(name)}`)
  const { source, prepare, check } = EXAMPLES[name]
  mkdirSync(directory)
  await prepare(directory, tarballs)
  // As somebody's terminal would be, but for colours; and npm says nothing of its own.
  const env = { NO_COLOR: '1', NPM_CONFIG_LOGLEVEL: 'silent' }
  await runSessions(join(source, 'README.md'), directory, { write, env })
  await check(directory)
}
