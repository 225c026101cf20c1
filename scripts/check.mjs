// npm run check: whatever CI wants besides passing tests. All checks run, however many fail.

import { parseArgs } from 'node:util'
import { checks } from './check/checks.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main, report } from './lib/main.mjs'
import { chosen } from './lib/only.mjs'
import { installPackages } from './lib/packages.mjs'
import { green } from './lib/style.mjs'
import { installToolchain } from './lib/toolchain.mjs'

const names = Object.keys(checks)
const USAGE = `npm run check [-- --only <name>] makes sure of what CI wants besides passing tests: lock files, lints, formatting, that the core does
not know Node, and that what is generated is committed as it is made.

  --only  these; more than one --only may be given. There are ${names.join(', ')}.

Exit code: 0 all is well; 1 something is not; 2 wrong arguments.`

await main(async () => {
  const only = onlyOf(process.argv.slice(2))
  await installPackages()
  let installed
  const toolchain = () => (installed ??= installToolchain())
  let failed = 0
  for (const name of only) {
    try {
      await checks[name](toolchain)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      report(error)
      failed += 1
    }
  }
  if (failed > 0) throw new Failure(`${failed} of ${only.length} checks failed.`)
  console.log(green(only.length === names.length ? 'All checks passed.' : 'What was asked for passed.'))
}, USAGE)

function onlyOf(args) {
  let only
  try {
    only = parseArgs({ args, options: { only: { type: 'string', multiple: true } } }).values.only
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  return chosen(only, names, 'check', USAGE)
}
