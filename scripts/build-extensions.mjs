// npm run build:extensions: the example extensions, each a .wasm file beside its source, as far as their toolchains are there.

import { parseArgs } from 'node:util'
import { buildExtension, extensionNames, recipeOf } from './lib/extensions.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main, report } from './lib/main.mjs'
import { chosen } from './lib/only.mjs'
import { count } from './lib/quantity.mjs'
import { step } from './lib/step.mjs'
import { bold, green } from './lib/style.mjs'
import { table } from './lib/table.mjs'

const names = extensionNames()
const USAGE = `Builds the example extensions in examples/extensions, each to a .wasm file beside its source.

  npm run build:extensions                     those whose toolchains are there
  npm run build:extensions -- --install        all, with what is missing fetched first from the package registries
  npm run build:extensions -- --only c,zig     these; more than one --only may be given

  There are ${names.join(', ')}.

Exit code: 0 built, or left out for want of a toolchain; 1 failed; 2 wrong arguments.`
const ADVICE = 'npm run build:extensions -- --help shows what there is.'

await main(async () => {
  const { help, install, only } = optionsOf(process.argv.slice(2))
  if (help) return console.log(USAGE)
  const built = []
  const lacking = []
  const failed = []
  for (const name of only) {
    try {
      const wanted = await missingFor(name, install)
      if (wanted === undefined) {
        await buildExtension(name)
        built.push(name)
      } else {
        lacking.push([name, wanted.what, wanted.install])
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      report(error)
      failed.push(name)
    }
  }
  summarize(built, lacking, failed)
})

function optionsOf(args) {
  let values
  try {
    const options = {
      install: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    }
    values = parseArgs({ args, options }).values
  } catch (error) {
    // Its first sentence says what is wrong; the others are about a notation nobody needs here.
    throw new WrongUsage(`${error.message.split(/[.\n]/, 1)[0]}.`, ADVICE)
  }
  return { ...values, only: chosen(values.only, names, 'extension', ADVICE) }
}

/** What an extension's toolchain still lacks. */
async function missingFor(name, install) {
  const recipe = await recipeOf(name)
  const wanted = await recipe.missing()
  if (wanted === undefined || !install) return wanted
  await step(`Installing what ${name} needs: ${wanted.what}`, (live) => recipe.install(live))
  const still = await recipe.missing()
  if (still === undefined) return undefined
  throw new Failure(`The extension ${name} needs ${still.what}, which is still missing.`, {
    advice: `${still.install}.`,
  })
}

function summarize(built, lacking, failed) {
  if (lacking.length > 0) {
    console.log(`\n${bold('Left out for want of a toolchain')}`)
    for (const line of table([['', 'needs', 'how to get it'], ...lacking])) console.log(line)
  }
  console.log()
  const sentence = `${count(built.length, 'extension')} built`
  if (failed.length > 0) throw new Failure(`${sentence}, ${failed.length} failed: ${failed.join(', ')}.`)
  console.log(green(lacking.length > 0 ? `${sentence}, ${lacking.length} left out.` : `${sentence}.`))
}
