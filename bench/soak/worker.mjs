// One worker thread of a soak: two hosts, one on libuv's pool and one with a thread of its own, each with one thing after the other.

import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { bad } from './bad.mjs'
import { good } from './good.mjs'
import { Lane } from './lane.mjs'
import { Random } from './random.mjs'
import { Session } from './session.mjs'

/** How often it reports, in milliseconds. */
const REPORT = 500
/** Between two things, in milliseconds, so that the machine stays usable. */
const BREATH = 2

const { directory, cacheDir, guests, only, seed } = workerData
const { ExtensionHost } = await import(pathToFileURL(join(directory, 'index.mjs')).href)
const session = new Session()
const doings = Object.entries({ ...good, ...bad }).filter(([name]) => only?.includes(name) ?? true)
const stop = new AbortController()

parentPort.on('message', () => stop.abort())
const reports = setInterval(report, REPORT)
await Promise.all([soak({ cacheDir }, seed), soak({ cacheDir, threads: 1 }, seed + 1)])
clearInterval(reports)
report()
parentPort.close()

function report() {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
  parentPort.postMessage(session.take())
}

async function soak(options, seed) {
  const random = new Random(seed)
  const lane = new Lane({ ExtensionHost, guests, session, random, options })
  await lane.open()
  while (!stop.signal.aborted) {
    const [name, work] = random.of(doings)
    try {
      await work(lane)
    } catch (error) {
      session.wrong(`${name} broke off: ${error.code ?? error.name}: ${error.message}`)
    }
    await pause(BREATH)
  }
  await session.answers('the last close', lane.close(), undefined)
}
