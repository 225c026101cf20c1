import { isProgress } from './cargo.mjs'
import { Failure } from './failure.mjs'
import { red } from './style.mjs'

const OLDEST_NODE = 20

/**
 * Runs a script: a failure ends it with a line and an exit code, without a stack trace. Asked for help, it says how it is used, and
 * does nothing.
 */
export async function main(work, usage) {
  const asked = process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')
  if (asked && usage !== undefined) return console.log(usage)
  try {
    if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
      throw new Failure(`Node.js ${OLDEST_NODE} or later is needed; this is ${process.version}.`)
    }
    await work()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    report(error)
    process.exitCode = error.exitCode
  }
}

/** Says what failed, how its output ended, and what to do. */
export function report({ message, output, lastLines, advice }) {
  const telling = output.filter((line) => !isProgress(line))
  const shown = telling.slice(-lastLines)
  console.log(red(message))
  if (shown.length < telling.length) console.log(`  the last ${shown.length} of ${telling.length} lines it printed:`)
  for (const line of shown) console.log(`  | ${line}`)
  if (advice !== undefined) console.log(`What to do: ${advice}`)
}
