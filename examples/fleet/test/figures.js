// What more workers bring on this machine, and what it costs to pass packages through Redis instead of as files: the tables in README.md.
// Two rounds of each, of which the better one counts, because other programs take their share.

import { availableParallelism, cpus, loadavg } from 'node:os'
import { packageNameOf } from '../src/pipeline.js'
import { submit } from '../src/queue.js'
import { Fleet } from './fleet.js'
import { large } from './packages.js'

const PACKAGES = 24
const SIZE = 1_000_000
const BULKY = 40
const BULKY_SIZE = 3_500_000
const ROUNDS = 2

const fleet = await Fleet.open()
try {
  const load = loadavg()[0].toFixed(1)
  console.log(`${availableParallelism()} processors, ${cpus()[0].model}; load average ${load} before the first round\n`)
  await speed()
  console.log()
  await passing()
} finally {
  await fleet.close()
}

async function speed() {
  console.log(
    `| workers | packages at once in each | ${PACKAGES} packages of 1 MB | packages/s |\n| --- | --- | --- | --- |`,
  )
  for (const [workers, concurrency] of [
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 1],
    [1, 2],
  ]) {
    const times = []
    for (let round = 0; round < ROUNDS; round += 1) times.push(await timeOf(workers, concurrency))
    const seconds = Math.min(...times) / 1000
    console.log(`| ${workers} | ${concurrency} | ${seconds.toFixed(1)} s | ${(PACKAGES / seconds).toFixed(1)} |`)
  }
}

/** From the first package submitted to the last one done, with workers that are ready. */
async function timeOf(workers, concurrency) {
  await fleet.empty()
  const args = ['--steps', 'src/steps.js', '--concurrency', String(concurrency)]
  await Promise.all(Array.from({ length: workers }, () => fleet.startWorker(...args)))
  const packages = Array.from({ length: PACKAGES }, (_, index) => large(`Package${index}`, SIZE))
  const started = performance.now()
  const ids = await Promise.all(packages.map((bytes) => submit(fleet.queue, fleet.store, bytes)))
  await fleet.settled(ids, 300_000)
  const time = performance.now() - started
  await fleet.stopWorkers()
  return time
}

async function passing() {
  console.log(`| ${BULKY} packages of 3.5 MB | until all are submitted | memory of Redis |\n| --- | --- | --- |`)
  const packages = Array.from({ length: BULKY }, (_, index) => large(`Bulky${index}`, BULKY_SIZE))
  const ways = {
    'as files, by their hash': (bytes) => submit(fleet.queue, fleet.store, bytes),
    'in the job': (bytes) => fleet.queue.add(packageNameOf(JSON.parse(bytes)), { ir: bytes.toString() }),
  }
  for (const [name, way] of Object.entries(ways)) {
    await fleet.empty()
    const before = await fleet.memory()
    const started = performance.now()
    for (const bytes of packages) await way(bytes)
    const seconds = (performance.now() - started) / 1000
    const megabytes = ((await fleet.memory()) - before) / 1_000_000
    console.log(`| ${name} | ${seconds.toFixed(2)} s | ${megabytes.toFixed(1)} MB |`)
  }
}
