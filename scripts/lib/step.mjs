// One line for each step: what it does, and how long it took. A step that takes long shows that it is alive.

import { duration } from './quantity.mjs'
import { dim, red, terminal } from './style.mjs'

/** How often a log gets a sign of life; CI systems end jobs that stay silent for minutes. */
const HEARTBEAT = 10_000
const REFRESH = 250

/**
 * Runs one step.
 * @param {string} title what it does
 * @param {(live: { now(state: string): void, note(remark: string): void }) => Promise<T>} work
 *   `now` is shown while it runs, `note` when it is done
 * @returns {Promise<T>}
 * @template T
 */
export async function step(title, work) {
  const started = performance.now()
  const elapsed = () => duration(performance.now() - started)
  const line = terminal ? new TerminalLine(title, elapsed) : new LogLine(title, elapsed)
  let remark
  try {
    const result = await work({ now: (state) => line.now(state), note: (text) => (remark = text) })
    line.end(dim([remark, elapsed()].filter(Boolean).join(', ')))
    return result
  } catch (error) {
    line.end(red(`failed after ${elapsed()}`))
    throw error
  }
}

/** A line that is written over and over. */
class TerminalLine {
  #title
  #elapsed
  #state = ''
  #timer

  constructor(title, elapsed) {
    this.#title = title
    this.#elapsed = elapsed
    this.#timer = setInterval(() => this.#draw(), REFRESH)
    this.#draw()
  }

  now(state) {
    this.#state = state
  }

  end(text) {
    clearInterval(this.#timer)
    process.stdout.write(`\r\x1b[K▸ ${this.#title} … ${text}\n`)
  }

  #draw() {
    const text = `▸ ${this.#title} … ${[this.#elapsed(), this.#state].filter(Boolean).join('  ')}`
    // A line that wraps cannot be written over.
    process.stdout.write(`\r\x1b[K${text.slice(0, (process.stdout.columns || 80) - 1)}`)
  }
}

/** A line in a log, with lines below it while it takes long. */
class LogLine {
  #state = ''
  #broken = false
  #timer

  constructor(title, elapsed) {
    process.stdout.write(`▸ ${title} …`)
    this.#timer = setInterval(() => {
      process.stdout.write(`${this.#broken ? '' : '\n'}    ${[elapsed(), this.#state].filter(Boolean).join('  ')}\n`)
      this.#broken = true
    }, HEARTBEAT)
  }

  now(state) {
    this.#state = state
  }

  end(text) {
    clearInterval(this.#timer)
    process.stdout.write(`${this.#broken ? '   ' : ''} ${text}\n`)
  }
}
