// What a contender can be told to do, whichever its driver. crates/host/examples/raw_speed.rs does the same in Rust. Times are in
// milliseconds.

import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

/** How often the event loop is looked at; what it takes longer than this is its delay. */
const LOOK = 1
/** More calls than this are not left waiting by whoever cannot keep up. */
const MOST_WAITING = 1000
/** An answer of so many bytes is not read. */
const LARGE = 20_000_000

export class Stage {
  #options
  #import
  #driver
  #subjects = []
  #payloads = new Map()

  /**
   * @param {object} options the driver's, for whatever it loads
   * @param {() => Promise<object>} importDriver not before it is needed: `import` measures what that costs
   */
  constructor(options, importDriver) {
    this.#options = options
    this.#import = importDriver
  }

  /** Loads a module so many times over, and tells how long it took, how busy the processors were, and what the process uses. */
  async open({ module, times = 1, ...options }) {
    this.#driver ??= await this.#import()
    const load = async () => this.#subjects.push(await this.#driver.load(module, { ...this.#options, ...options }))
    // What the first one brings with it is not what each one takes.
    if (times > 1) await load()
    const before = process.memoryUsage.rss()
    const [since, cpu] = [performance.now(), process.cpuUsage()]
    for (let time = 0; time < times; time += 1) await load()
    const ms = performance.now() - since
    const { user, system } = process.cpuUsage(cpu)
    return { ms: ms / times, cores: (user + system) / 1000 / ms, ...(times > 1 && (await used(before, times))) }
  }

  /** Calls a method, one time after the other. */
  async each({ method, payload, calls, how = 'call' }) {
    const [call, input] = this.#prepare(method, payload, how)
    for (let warm = 0; warm < calls / 10; warm += 1) await call(input)
    const times = []
    for (let time = 0; time < calls; time += 1) {
      const since = performance.now()
      await call(input)
      times.push(performance.now() - since)
    }
    return { times }
  }

  /** Calls a method of everything that was loaded, once. */
  async all({ method, payload }) {
    const input = this.#read(payload, 'call')
    const times = []
    for (const subject of this.#subjects) {
      const since = performance.now()
      await subject.call(method, input)
      times.push(performance.now() - since)
    }
    return { times }
  }

  /** Calls a method so many times over at once, for so many milliseconds, and tells how many calls a second that makes. */
  async flight({ method, payload, width, ms }) {
    const [call, input] = this.#prepare(method, payload, 'call')
    let calls = 0
    const since = performance.now()
    const caller = async () => {
      while (performance.now() - since < ms) {
        await call(input)
        calls += 1
      }
    }
    await Promise.all(Array.from({ length: this.#driver.concurrent ? width : 1 }, caller))
    return { rate: (calls * 1000) / (performance.now() - since) }
  }

  /** Hands over so many calls at a time, for so many milliseconds. */
  async many({ method, payload, count, ms }) {
    const [call, input] = this.#prepare(method, payload, 'many')
    const list = Array.from({ length: count }, () => input)
    const since = performance.now()
    let calls = 0
    while (performance.now() - since < ms) calls += (await call(list)).length
    return { rate: (calls * 1000) / (performance.now() - since) }
  }

  /** Calls a method, one time after the other, and watches the event loop meanwhile. Tells what was answered, by its hash. */
  async watched({ method, payload, calls, how = 'raw' }) {
    const [call, input] = this.#prepare(method, payload, how)
    let answer = await call(input)
    const hash = createHash('sha256').update(canonical(answer)).digest('hex')
    const times = []
    const delays = []
    for (let time = 0; time < calls; time += 1) {
      answer = undefined
      const loop = watchLoop()
      await pause(5)
      const since = performance.now()
      answer = await call(input)
      times.push(performance.now() - since)
      delays.push((await loop()).most)
    }
    return { times, delays, hash }
  }

  /** Calls so many times a second for so many milliseconds, as far as that can be kept up, and watches the event loop meanwhile. */
  async paced({ method, payload, rate, ms }) {
    const [call, input] = rate > 0 ? this.#prepare(method, payload, 'call') : []
    let [sent, settled, last] = [0, 0, Promise.resolve()]
    const loop = watchLoop()
    const since = performance.now()
    while (performance.now() - since < ms) {
      const due = ((performance.now() - since) / 1000) * rate
      for (; sent < due && sent - settled < MOST_WAITING; sent += 1) {
        last = (this.#driver.concurrent ? call(input) : last.then(() => call(input))).then(() => (settled += 1))
      }
      await pause(1)
    }
    const achieved = (settled * 1000) / (performance.now() - since)
    const { late, most } = await loop()
    await last
    return { rate: achieved, late, most }
  }

  /** Loads a package's code. */
  async import({ from, name }) {
    const require = createRequire(from)
    const since = performance.now()
    require(name)
    return { ms: performance.now() - since }
  }

  #prepare(method, payload, how) {
    const subject = this.#subjects.at(-1)
    return [(input) => subject[how](method, input), this.#read(payload, how)]
  }

  #read(payload, how) {
    const bytes = this.#payloads.get(payload) ?? readFileSync(payload)
    this.#payloads.set(payload, bytes)
    return how === 'raw' ? bytes : JSON.parse(bytes)
  }
}

/** Watches the event loop until it is asked: for how long that stood still at most, and for how long 99 times of 100. */
function watchLoop() {
  const delays = monitorEventLoopDelay({ resolution: LOOK })
  delays.enable()
  return async () => {
    // A delay counts only when the next look has come.
    await pause(5)
    delays.disable()
    const delay = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - LOOK)
    return { late: delay(delays.percentile(99)), most: delay(delays.max) }
  }
}

/** What the process uses for so many extensions more than before. */
async function used(before, times) {
  for (let round = 0; round < 3; round += 1) {
    gc()
    await pause(20)
  }
  const rss = process.memoryUsage.rss()
  const threads = /^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return { each: (rss - before) / times, rss, threads: Number(threads), files: readdirSync('/proc/self/fd').length }
}

/** Two texts of the same JSON are the same answer; what is too large to read in good time has to be the same bytes. */
function canonical(answer) {
  if (!ArrayBuffer.isView(answer)) return JSON.stringify(answer)
  return answer.length < LARGE ? JSON.stringify(JSON.parse(new TextDecoder().decode(answer))) : answer
}
