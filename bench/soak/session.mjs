import { isDeepStrictEqual } from 'node:util'

/** No step of a soak may take longer, whatever else the machine does, in milliseconds. */
const PATIENCE = 60_000
/** More of them say nothing new. */
const MOST_UNEXPECTED = 20

/** Keeps count of what came of each call, and of what should not have. */
export class Session {
  calls = 0
  /** How often each came: `ok`, or an error's code. */
  outcomes = {}
  /** Deadlines that passed before the machine had come round to a guest which would have needed little time. */
  late = 0
  unexpectedCount = 0
  unexpected = []

  /** A call that has to answer this. */
  async answers(what, promise, expected) {
    const { error, value } = await this.#settled(what, promise)
    if (error !== undefined) this.wrong(`${what} failed: ${said(error)}`)
    else if (!isDeepStrictEqual(value, expected)) this.wrong(`${what} answered ${shown(value)}, not ${shown(expected)}`)
    return value
  }

  /** A call that has to fail with one of these codes. */
  async fails(what, promise, ...codes) {
    const { error, value } = await this.#settled(what, promise)
    if (error === undefined) this.wrong(`${what} answered ${shown(value)} instead of ${codes.join(' or ')}`)
    else if (!codes.includes(error.code))
      this.wrong(`${what} failed with ${said(error)} instead of ${codes.join(' or ')}`)
    return error
  }

  /**
   * A guest that is given little time: unless `codes` has them, timeouts are nobody's fault on a busy machine, and only counted.
   */
  async inTime(what, promise, check, codes = []) {
    const settled = await this.#settled(what, promise)
    if (settled.error?.code === 'Timeout' && !codes.includes('Timeout')) this.late += 1
    else if (!check(settled)) this.wrong(`${what}: ${settled.error ? said(settled.error) : shown(settled.value)}`)
  }

  /** Something that has to be so. */
  holds(what, condition) {
    if (!condition) this.wrong(what)
  }

  wrong(what) {
    this.unexpectedCount += 1
    if (this.unexpected.length < MOST_UNEXPECTED) this.unexpected.push(what)
  }

  /** What was counted since the last time. */
  take() {
    const { calls, outcomes, late, unexpectedCount, unexpected } = this
    Object.assign(this, { calls: 0, outcomes: {}, late: 0, unexpectedCount: 0, unexpected: [] })
    return { calls, outcomes, late, unexpectedCount, unexpected }
  }

  async #settled(what, promise) {
    let timer
    const tooLate = new Promise((resolve) => {
      timer = setTimeout(() => resolve({ error: new Error('it did not settle within a minute') }), PATIENCE)
    })
    const settled = await Promise.race([
      promise.then(
        (value) => ({ value }),
        (error) => ({ error: error ?? new Error('it failed with nothing') }),
      ),
      tooLate,
    ])
    clearTimeout(timer)
    this.calls += 1
    const outcome = settled.error === undefined ? 'ok' : (settled.error.code ?? settled.error.name)
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1
    return settled
  }
}

function said(error) {
  return `${error.code ?? error.name}: ${String(error.message).slice(0, 200)}`
}

function shown(value) {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100)
}
