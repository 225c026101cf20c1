import { execFile as execFileWithCallback, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { QueueEvents } from 'bullmq'
import { Redis } from 'ioredis'
import loadWabt from 'wabt'
import { connect, connectPatiently, NAME, openQueue, submit } from '../src/queue.js'
import { Store } from '../src/store.js'
import { startRedis } from './redis.js'

const execFile = promisify(execFileWithCallback)
const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A queue, a store, and as many workers as one starts, all gone when it is closed. */
export class Fleet {
  #directory
  #redis
  #connections
  #workers = new Set()
  #completed = []
  /** Whatever ends the tests, Ctrl-C included, nothing of theirs outlives them. */
  #end = () => {
    for (const worker of this.#workers) worker.kill('SIGKILL')
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true })
  }

  static async open() {
    const fleet = new Fleet()
    for (const [name, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ]) {
      process.once(name, () => process.exit(128 + number))
    }
    process.once('exit', fleet.#end)
    fleet.#redis = await startRedis()
    fleet.#directory = await mkdtemp(join(tmpdir(), 'morphir-fleet-'))
    process.env.REDIS_URL = fleet.#redis.url
    process.env.FLEET_STORE = join(fleet.#directory, 'store')
    process.env.FLEET_TEST = fleet.#directory
    process.env.FLEET_BACKOFF = '200'
    // So long a killed worker's job is missed at least; and on a busy machine reading a large IR may hold up a living one for seconds.
    process.env.FLEET_LEASE = '5000'
    await writeFile(join(fleet.#directory, 'picky.wasm'), await compiled('picky.wat'))
    fleet.#connections = [await connect(), connectPatiently()]
    fleet.queue = openQueue(fleet.#connections[0])
    fleet.events = new QueueEvents(NAME, { connection: fleet.#connections[1] })
    await fleet.events.waitUntilReady()
    fleet.events.on('completed', ({ jobId }) => fleet.#completed.push(jobId))
    fleet.store = new Store()
    return fleet
  }

  /** Forgets all packages, jobs and results. */
  async empty() {
    await this.queue.obliterate({ force: true })
    await rm(process.env.FLEET_STORE, { recursive: true, force: true })
    await mkdir(dirname(this.store.resultOf('any')), { recursive: true })
    this.#completed = []
  }

  /** The id of the job that the next event of this name is about. */
  async event(name) {
    const [{ jobId }] = await once(this.events, name)
    return jobId
  }

  /** The jobs that were completed since the queue was empty, each as often as it was, once there are so many. */
  async completions(count) {
    for (let round = 0; round < 250 && this.#completed.length < count; round += 1) await sleep(20)
    // One too many would come now.
    await sleep(100)
    return this.#completed
  }

  /** Starts a worker process, and answers it when it is ready. */
  async startWorker(...args) {
    return this.#start(args, 'inherit')
  }

  /** Stops Redis and a worker at once, while the worker has a package, as Ctrl-C does that reaches both. */
  async stopWithRedis(bytes) {
    const redis = await startRedis()
    const worker = await this.#start([], 'pipe', { REDIS_URL: redis.url })
    const connection = new Redis(redis.url)
    const queue = openQueue(connection)
    try {
      await submit(queue, this.store, bytes)
      for (let round = 0; round < 1000 && (await queue.getActiveCount()) === 0; round += 1) await sleep(10)
    } finally {
      await queue.close()
      connection.disconnect()
    }
    const said = text(worker.stderr)
    const ended = once(worker, 'exit', { signal: AbortSignal.timeout(20_000) })
    worker.kill('SIGINT')
    await redis.stop()
    const [code] = await ended
    return { code, stderr: await said }
  }

  async #start(args, stderr, env) {
    const worker = spawn(process.execPath, ['src/worker.js', '--steps', 'test/steps.js', ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', stderr],
    })
    this.#workers.add(worker)
    worker.once('exit', () => this.#workers.delete(worker))
    await Promise.race([
      once(createInterface({ input: worker.stdout }), 'line'),
      once(worker, 'exit').then(([code]) => Promise.reject(new Error(`The worker ended with exit code ${code}.`))),
    ])
    return worker
  }

  /** Runs a command to its end. */
  async command(...args) {
    try {
      return { code: 0, ...(await execFile(process.execPath, args, { cwd: ROOT })) }
    } catch ({ code, stdout, stderr }) {
      return { code, stdout, stderr }
    }
  }

  /** Starts a worker that finds no Redis, stops it when it says so, and answers its exit code. */
  async stopWithoutRedis() {
    const worker = spawn(process.execPath, ['src/worker.js'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#workers.add(worker)
    worker.stderr.once('data', () => worker.kill('SIGTERM'))
    const [code] = await once(worker, 'exit', { signal: AbortSignal.timeout(60_000) })
    this.#workers.delete(worker)
    return code
  }

  /** Stops all workers, which finish what they have. */
  async stopWorkers() {
    const ends = [...this.#workers].map((worker) => once(worker, 'exit'))
    for (const worker of this.#workers) worker.kill('SIGTERM')
    await Promise.all(ends)
  }

  /** Waits until these jobs are done or have failed, and answers them as they are then. */
  async settled(ids, patience = 60_000) {
    const deadline = performance.now() + patience
    for (;;) {
      const jobs = await Promise.all(ids.map((id) => this.queue.getJob(id)))
      if (jobs.every((job) => job.finishedOn !== undefined)) return jobs
      if (performance.now() > deadline) {
        const open = jobs.filter((job) => job.finishedOn === undefined).map(({ id }) => id)
        throw new Error(`After ${patience} ms these are not done yet: ${open.join(', ')}.`)
      }
      await sleep(20)
    }
  }

  /** How many bytes Redis uses. */
  async memory() {
    return Number(/^used_memory:(\d+)/m.exec(await this.#connections[0].info('memory'))[1])
  }

  async close() {
    for (const worker of this.#workers) worker.kill('SIGKILL')
    await this.events?.close()
    await this.queue?.close()
    for (const connection of this.#connections ?? []) connection.disconnect()
    await this.#redis?.stop()
    process.off('exit', this.#end)
    await rm(this.#directory, { recursive: true, force: true })
  }
}

async function compiled(name) {
  const wabt = await loadWabt()
  const module = wabt.parseWat(name, await readFile(new URL(name, import.meta.url), 'utf8'))
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}
