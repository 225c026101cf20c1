import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { WrongUsage } from '../lib/failure.mjs'
import { modelIr } from '../lib/places.mjs'

export const USAGE = `Renames a package throughout a Morphir IR, with the extension in examples/extensions/rename-package.

  npm run demo                                                    the example model, as NorthSea.BulkTrades
  npm run demo -- --to New.Name                                   the example model, as New.Name
  npm run demo -- morphir-ir.json --to New.Name [options]         any IR of format version 3

  --to New.Name    the package's new name
  --from Old.Name  the package to rename, by default the model's own
  --out file       where to write the renamed IR; without it nothing is written
  --help           this text

Exit code: 0 done, 1 failed or refused, 2 wrong arguments.`

const ADVICE = 'npm run demo -- --help shows what there is.'
const DASHES = `npm passes on options only after --. ${ADVICE}`
const DEFAULT_NAME = 'NorthSea.BulkTrades'

/** @returns {{ help: boolean, model: string, own: boolean, to: string, from?: string, out?: string }} */
export function readOptions(args) {
  const { values, positionals } = parse(args)
  const { help = false, from, out } = values
  if (help) return { help }
  if (positionals.length > 1) {
    throw new WrongUsage(
      `There is one model at most; these are ${positionals.length}: ${positionals.join(', ')}.`,
      DASHES,
    )
  }
  const own = positionals.length === 1
  const to = values.to ?? (own ? undefined : DEFAULT_NAME)
  if (to === undefined) throw new WrongUsage('The new name is missing: --to New.Name.', DASHES)
  for (const [option, value] of Object.entries({ from, to, out })) {
    if (value === '') throw new WrongUsage(`--${option} is empty.`, ADVICE)
  }
  const model = own ? resolve(positionals[0]) : modelIr
  if (out !== undefined) checkOut(out, model)
  return { help, model, own, to, from, out: out && resolve(out) }
}

function parse(args) {
  try {
    const text = { type: 'string' }
    const options = { to: text, from: text, out: text, help: { type: 'boolean', short: 'h' } }
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Its first sentence says what is wrong; the others are about a notation nobody needs here.
    throw new WrongUsage(`${error.message.split(/[.\n]/, 1)[0]}.`, ADVICE)
  }
}

/** Before anything is built: it would be a pity to find out afterwards. */
function checkOut(out, model) {
  const path = resolve(out)
  if (path === model) throw new WrongUsage('--out names the model itself, which is left as it is.', ADVICE)
  if (!existsSync(dirname(path))) throw new WrongUsage(`--out: there is no directory ${dirname(path)}.`)
  if (existsSync(path) && statSync(path).isDirectory()) throw new WrongUsage(`--out: ${path} is a directory.`)
}
