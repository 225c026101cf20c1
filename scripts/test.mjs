// npm test: builds what the tests need and runs them all, however many fail. The last line counts them:
// `N passed, N failed`, with `, N skipped` where there are any.

import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { buildAddon } from './lib/addon.mjs'
import { buildExtensions, rustExtensions } from './lib/extensions.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main, report } from './lib/main.mjs'
import { buildModel } from './lib/model.mjs'
import { installPackages } from './lib/packages.mjs'
import { bold, green, red } from './lib/style.mjs'
import { step } from './lib/step.mjs'
import { table } from './lib/table.mjs'
import { installToolchain } from './lib/toolchain.mjs'
import { extensionTests, javascriptTests, rustTests, typeTests } from './test/runners.mjs'
import { add, NONE } from './test/tally.mjs'

const KINDS = ['rust', 'js', 'types']
const USAGE = `npm test [-- --only ${KINDS.join('|')}], which may be given more than once. It sets up and builds what the tests need first.`

await main(async () => {
  const kinds = kindsOf(process.argv.slice(2))
  const results = []
  /** Counts what a runner reports; what keeps it from running counts as one failure. */
  const count = async (name, run) => {
    try {
      const { tally, lines } = await step(name, async (live) => {
        const result = await run(live)
        live.note(sentence(result.tally))
        return result
      })
      for (const line of lines) console.log(`  | ${line}`)
      results.push({ name, tally })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      report(error)
      results.push({ name, tally: { ...NONE, failed: 1 } })
    }
  }
  /** Prepares something; if that fails, so does the run, but what does not need it still goes on. */
  const prepare = async (name, work) => {
    try {
      return (await work()) ?? true
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      report(error)
      results.push({ name, tally: { ...NONE, failed: 1 } })
    }
  }

  const wanted = (kind) => kinds.includes(kind)
  const packages = (wanted('js') || wanted('types')) && (await prepare('npm packages', () => installPackages()))
  const toolchain = (wanted('js') || wanted('rust')) && (await prepare('Rust toolchain', installToolchain))
  const extensions = toolchain && (await prepare('extensions', () => buildExtensions(toolchain)))
  const addon = wanted('js') && packages && toolchain && (await prepare('addon', () => buildAddon(toolchain)))
  const model = wanted('js') && (await prepare('example model', buildModel))

  if (wanted('rust') && toolchain) await count('Rust tests of the host', (live) => rustTests(toolchain, live))
  if (wanted('js') && addon && extensions && model) await count('JavaScript tests', javascriptTests)
  if (wanted('types') && packages) await count('type tests', typeTests)
  if (wanted('rust') && toolchain) {
    for (const directory of rustExtensions()) {
      await count(`Rust tests of ${basename(directory)}`, (live) => extensionTests(directory, toolchain, live))
    }
  }
  summarize(results)
}, USAGE)

function kindsOf(args) {
  let only
  try {
    only = parseArgs({ args, options: { only: { type: 'string', multiple: true, default: KINDS } } }).values.only
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  const unknown = only.find((kind) => !KINDS.includes(kind))
  if (unknown !== undefined) throw new WrongUsage(`There are no tests named ${unknown}.`, USAGE)
  return only
}

function summarize(results) {
  const total = add(results.map(({ tally }) => tally))
  console.log(`\n${bold('Tests')}`)
  const rows = results.map(({ name, tally: { passed, failed, skipped } }) =>
    [name, passed, failed, skipped].map(String),
  )
  for (const line of table([['', 'passed', 'failed', 'skipped'], ...rows], { right: [1, 2, 3] })) console.log(line)
  console.log()
  if (total.failed > 0) process.exitCode = 1
  console.log((total.failed > 0 ? red : green)(sentence(total)))
}

function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
