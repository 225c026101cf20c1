import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** How many samples a soak comes to, and how far they are apart at the least and at the most, in milliseconds. */
const SAMPLES = 720
const CLOSEST = 1000
const FURTHEST = 10_000

/** Samples what this process uses, into memory and a file of JSON lines. */
export class Recorder {
  samples = []
  #path
  #started = performance.now()

  constructor(path, settings) {
    this.#path = path
    writeFileSync(path, '')
    this.#write({ ...settings, node: process.version, platform: process.platform, started: new Date().toISOString() })
  }

  /** @param {import('./crew.mjs').Crew} crew whose work is recorded */
  async record(crew, milliseconds) {
    const interval = Math.min(Math.max(milliseconds / SAMPLES, CLOSEST), FURTHEST)
    const end = performance.now() + milliseconds
    while (performance.now() < end) {
      await pause(Math.min(interval, end - performance.now()))
      this.sample(crew.tally)
      for (const unexpected of crew.news()) this.#write({ unexpected })
    }
  }

  /** @param {string} [at] when, where it is not while the workers run: `before` or `after` */
  sample({ outcomes, ...tally }, at) {
    const seconds = Math.round((performance.now() - this.#started) / 100) / 10
    const sample = { seconds, at, ...used(), ...tally, outcomes: { ...outcomes } }
    this.samples.push(sample)
    this.#write(sample)
  }

  end(verdict) {
    this.#write({ verdict })
  }

  #write(line) {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }
}

/** Memory in bytes; threads and open files where the system tells, which is on Linux. */
function used() {
  if (process.platform !== 'linux') return { rss: process.memoryUsage.rss() }
  const status = readFileSync('/proc/self/status', 'utf8')
  const number = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1])
  // Without the one that reads the directory.
  const files = readdirSync('/proc/self/fd').length - 1
  return { rss: number('VmRSS') * 1024, threads: number('Threads'), files }
}
