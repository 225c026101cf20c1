// morphir-extension-host conformance: checks an extension, and shows what came of each check.

import { checkConformance } from '../lib/conformance/index.mjs'
import { USAGE, readOptions } from './conformance/options.mjs'
import { jsonOf } from './conformance/json.mjs'
import { conclusion, details, heading, row } from './conformance/table.mjs'
import { WrongUsage } from './usage.mjs'

/** @returns {Promise<number>} the exit code */
export async function run(args) {
  const { help, json, verbose, source, ...options } = await readOptions(args)
  if (help) {
    console.log(USAGE)
    return 0
  }
  process.once('SIGINT', interrupted)
  if (json) {
    const report = await check(source, options)
    console.log(jsonOf(report))
    return report.passed ? 0 : 1
  }
  let first = true
  const onResult = (result) => {
    // Not earlier: what is wrong with the options is found when the extension is first loaded.
    if (first) console.log(heading(source.path))
    first = false
    console.log(row(result))
    if (verbose) for (const line of details(result)) console.log(line)
  }
  const report = await check(source, { ...options, onResult })
  console.log(conclusion(report, options))
  return report.passed ? 0 : 1
}

/** What was found so far is on the screen. The system's own end does not wait for what libuv's pool compiles. */
function interrupted() {
  console.error('Interrupted.')
  process.kill(process.pid, 'SIGINT')
}

async function check(source, options) {
  try {
    return await checkConformance(source, options)
  } catch (error) {
    // A limit that is none, most likely.
    if (error.code !== 'InvalidConfig') throw error
    throw new WrongUsage(error.message, 'npx morphir-extension-host conformance --help shows what there is.')
  }
}
