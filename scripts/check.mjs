// npm run check: whatever CI wants besides passing tests. All checks run, however many fail.

import { checks } from './check/checks.mjs'
import { Failure } from './lib/failure.mjs'
import { main, report } from './lib/main.mjs'
import { installPackages } from './lib/packages.mjs'
import { green } from './lib/style.mjs'
import { installToolchain } from './lib/toolchain.mjs'

const USAGE = `npm run check takes no arguments. It makes sure of ${checks.length} things that CI wants besides passing tests: lock files,
lints, formatting, that the core does not know Node, and that what is generated is committed as it is made.`

await main(async () => {
  await installPackages()
  const toolchain = await installToolchain()
  let failed = 0
  for (const check of checks) {
    try {
      await check(toolchain)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      report(error)
      failed += 1
    }
  }
  if (failed > 0) throw new Failure(`${failed} of ${checks.length} checks failed.`)
  console.log(green('All checks passed.'))
}, USAGE)
