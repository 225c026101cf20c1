import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** How long a worker lives, in milliseconds, before another takes its place: the end of an environment is part of a soak. */
const LIFE = 45_000
/** How long a worker may take to end, in milliseconds. */
const PATIENCE = 60_000
/** More of them say nothing new. */
const MOST_UNEXPECTED = 50

/** The worker threads of a soak, and what they did. */
export class Crew {
  tally = { calls: 0, outcomes: {}, late: 0, workers: 0, unexpected: 0 }
  /** What should not have been, and how often it was. */
  unexpected = new Map()
  #settings
  #stopped = false
  #stop
  #whenStopped = new Promise((resolve) => (this.#stop = resolve))
  #places = []
  #alive = new Set()
  #news = []

  constructor(settings) {
    this.#settings = settings
  }

  start() {
    this.#places = Array.from({ length: this.#settings.workers }, (_, place) => this.#keep(place))
  }

  /** Workers that have not ended. */
  get alive() {
    return this.#alive.size
  }

  async stop() {
    this.#stopped = true
    this.#stop()
    await Promise.all(this.#places)
    // Threads that were asked to end may need a moment.
    await pause(1000)
  }

  /** One worker after the other in one place: the first ends by itself, the next is terminated in the middle of its work, and so on. */
  async #keep(place) {
    const { workers, seed } = this.#settings
    for (let life = 0; !this.#stopped; life += 1) {
      const number = life * workers + place
      const { worker, exited } = this.#hire(seed * 1_000_003 + number * 2)
      // Not all at the same time.
      const ends = pause(LIFE * (1 + place / workers), undefined, { ref: false })
      await Promise.race([ends, exited, this.#whenStopped])
      if (!this.#alive.has(worker)) {
        this.#wrong(['A worker ended too early.'])
        await pause(1000)
        continue
      }
      if (!this.#stopped && life % 2 === 1) void worker.terminate()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
      else worker.postMessage('stop')
      const ended = await Promise.race([exited.then(() => true), pause(PATIENCE, false, { ref: false })])
      if (!ended) this.#wrong([`The worker ${number} did not end.`])
    }
  }

  #hire(seed) {
    const { directory, cacheDir, guests, only } = this.#settings
    const workerData = { directory, cacheDir, guests, only, seed }
    const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData })
    worker.on('message', (news) => this.#add(news))
    this.#alive.add(worker)
    worker.once('exit', () => this.#alive.delete(worker))
    worker.on('error', (error) => this.#wrong([`A worker broke off: ${error.stack}`]))
    this.tally.workers += 1
    return { worker, exited: new Promise((resolve) => worker.once('exit', resolve)) }
  }

  #add({ calls, outcomes, late, unexpectedCount, unexpected }) {
    this.tally.calls += calls
    this.tally.late += late
    for (const [code, times] of Object.entries(outcomes)) {
      this.tally.outcomes[code] = (this.tally.outcomes[code] ?? 0) + times
    }
    this.#wrong(unexpected, unexpectedCount)
  }

  /** What came out otherwise than it had to since the last time. */
  news() {
    return this.#news.splice(0)
  }

  #wrong(what, times = what.length) {
    this.tally.unexpected += times
    for (const each of what) {
      if (!this.unexpected.has(each)) {
        if (this.unexpected.size >= MOST_UNEXPECTED) continue
        this.#news.push(each)
      }
      this.unexpected.set(each, (this.unexpected.get(each) ?? 0) + 1)
    }
  }
}
