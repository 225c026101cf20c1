// One process of the fleet: takes packages from the queue until it is told to stop. SIGTERM and SIGINT let it finish what it has.
//
//   node src/worker.js [--concurrency 1] [--steps src/steps.js]

import { hostname } from 'node:os'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'bullmq'
import { jobFailure } from './failures.js'
import { Pipeline } from './pipeline.js'
import { connectPatiently, NAME } from './queue.js'
import { Store } from './store.js'

const LOST = Symbol('lost')
const { concurrency, steps: place } = wanted()
/** How long a job stays with a worker that gives no sign of life. */
const lease = Number(process.env.FLEET_LEASE ?? 30_000)

const { steps } = await import(pathToFileURL(place).href)
const pipeline = await Pipeline.load(steps, concurrency)
const store = new Store()
const connection = connectPatiently()
const worker = new Worker(NAME, work, {
  connection,
  concurrency,
  name: `${hostname()}:${process.pid}`,
  lockDuration: lease,
  // Guests never hold the JavaScript thread, so the lease is renewed in time however long they take.
  stalledInterval: lease,
  // A job that takes its worker with it twice is at fault itself.
  maxStalledCount: 2,
})
worker.on('error', (error) => console.error(error.message || error.code))
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)
worker.once('ready', () => console.log('ready'))

async function work(job) {
  try {
    const ir = JSON.parse(await store.get(job.data.hash))
    const bytes = JSON.stringify(await pipeline.run(ir))
    return await store.putResult(job.id, bytes)
  } catch (error) {
    throw jobFailure(error)
  }
}

async function stop() {
  // Without Redis there is nobody to tell what has been done, and it would wait for it to come back.
  if (connection.status !== 'ready') await worker.close(true)
  else if ((await Promise.race([worker.close(), lost()])) === LOST) {
    console.error('Redis has gone away. What this worker had, another does when the lease is over.')
    // Guests are stopped with the process.
    process.exit(1)
  }
  await pipeline.close()
  connection.disconnect()
}

function lost() {
  return new Promise((resolve) => connection.once('close', () => resolve(LOST)))
}

function wanted() {
  try {
    const options = {
      concurrency: { type: 'string', default: '1' },
      steps: { type: 'string', default: 'src/steps.js' },
    }
    const { values } = parseArgs({ options })
    const concurrency = Number(values.concurrency)
    if (Number.isInteger(concurrency) && concurrency >= 1) return { ...values, concurrency }
    console.error(`--concurrency is how many packages at once, from 1 on, not ${values.concurrency}.`)
  } catch (error) {
    console.error(error.message)
  }
  process.exit(2)
}
