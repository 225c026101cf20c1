#!/usr/bin/env node
// The package's command: finds the subcommand, and ends with its exit code.

import { readFileSync } from 'node:fs'
import { isInterrupted } from './interrupt.mjs'
import { printable } from './printable.mjs'
import { WrongUsage } from './usage.mjs'

/** Each is loaded when it is asked for, and answers its exit code. */
const COMMANDS = {
  call: { about: 'calls a method of an extension once', load: () => import('./call.mjs') },
  run: {
    about: 'loads what a morphir.toml lists, and answers calls from standard input',
    load: () => import('./run.mjs'),
  },
  inspect: { about: 'shows what is in an extension, and what it wants', load: () => import('./inspect.mjs') },
  conformance: { about: 'checks an extension against the protocol', load: () => import('./conformance.mjs') },
  bench: { about: 'measures how fast a method answers', load: () => import('./bench.mjs') },
  types: { about: 'writes the TypeScript types of its methods', load: () => import('./types.mjs') },
}

const USAGE = `Usage: morphir-extension-host <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}

  --help      this text; after a command, what that command takes
  --version   the version of the package

Exit code: 0 done, 1 the extension or a call failed, 2 wrong usage, 130 Ctrl-C.`

// Whoever reads the output may stop reading, as `head` does; or a disk is full.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit()
  console.error(`What was to be printed cannot be written: ${error.message}.`)
  process.exit(1)
})
// With nobody to tell it to, nothing can be said.
process.stderr.on('error', () => {})

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof WrongUsage)) throw error
  console.error(printable(error.message))
  console.error(error.advice)
  process.exitCode = 2
}
if (isInterrupted()) {
  console.error('Interrupted.')
  // What still reads, compiles or waits is of no interest any more.
  process.exit(130)
}
// Functions of the user's may have left something open; what was printed is on its way before.
process.stdout.write('', (error) => {
  if (!error) process.exit()
})

async function run([name, ...args]) {
  if (name === '--help' || name === '-h') {
    console.log(USAGE)
    return 0
  }
  if (name === '--version') {
    console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
    return 0
  }
  if (name === undefined) throw new WrongUsage('The command is missing.', USAGE)
  if (!Object.hasOwn(COMMANDS, name)) throw new WrongUsage(`There is no command ${name}.`, USAGE)
  const command = await COMMANDS[name].load()
  return command.run(args)
}
