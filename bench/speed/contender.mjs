// One contender in a process of its own, which does what it is told.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Failure } from '../../scripts/lib/failure.mjs'

/** Longer than anything takes that works, in milliseconds. */
const PATIENCE = 180_000
/** The most of a line of complaints that is told. */
const LONGEST = 300

export class Contender {
  #title
  #child
  #answers
  #complaints = []

  /** @param {{ title: string, command: string[], env?: Record<string, string> }} entry of the list in contenders.mjs */
  constructor({ title, command: [program, ...args], env }) {
    this.#title = title
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...environment(), ...env } })
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#complaints.push(line.slice(0, LONGEST)))
    // What it ended of is told by what it wrote.
    this.#child.stdin.on('error', () => {})
  }

  /** Tells it what to do, and answers what came of it. */
  async ask(what) {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE)
    try {
      this.#child.stdin.write(`${JSON.stringify(what)}\n`)
      const { value: line, done } = await this.#answers.next()
      const answer = done ? { error: 'its process ended' } : JSON.parse(line)
      if (answer.error === undefined) return answer
      const output = [...answer.error.split('\n'), ...this.#complaints]
      throw new Failure(`${this.#title} failed at ${JSON.stringify(what)}.`, { output })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Resolves when its process has ended. */
  end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    return new Promise((resolve) => {
      this.#child.once('close', resolve)
      this.#child.stdin.end()
    })
  }
}

/** RUST_BACKTRACE slows each call of the engine, and whoever set it did not mean that. */
function environment() {
  const environment = { ...process.env }
  delete environment.RUST_BACKTRACE
  delete environment.RUST_LIB_BACKTRACE
  return environment
}
