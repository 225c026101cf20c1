// A contender's process: does what it is told on standard input, a line of JSON at a time, and answers each with a line.

import { createInterface } from 'node:readline'
import { Stage } from './acts.mjs'

const { driver, ...options } = JSON.parse(process.argv[2])
const stage = new Stage(options, () => import(`./drivers/${driver}.mjs`))
for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...told } = JSON.parse(line)
  const answer = await stage[act](told).catch((error) => ({ error: error?.stack ?? error?.message ?? String(error) }))
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
process.exit()
