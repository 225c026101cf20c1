'use strict'

/** Who has to hear of which signal. One listener for each signal, however many calls share it: Node warns from the eleventh on. */
class Aborts {
  /** @type {Map<AbortSignal, { tickets: Set<number>, listener: () => void }>} */
  #waiting = new Map()
  #cancel

  /** @param {(ticket: number) => void} cancel what an abort does to each */
  constructor(cancel) {
    this.#cancel = cancel
  }

  add(signal, ticket) {
    let waiting = this.#waiting.get(signal)
    if (waiting === undefined) {
      const tickets = new Set()
      const listener = () => {
        // Cancelling settles, and what settles is removed.
        for (const ticket of [...tickets]) this.#cancel(ticket)
      }
      waiting = { tickets, listener }
      this.#waiting.set(signal, waiting)
      signal.addEventListener('abort', listener, { once: true })
    }
    waiting.tickets.add(ticket)
  }

  remove(signal, ticket) {
    const waiting = this.#waiting.get(signal)
    waiting?.tickets.delete(ticket)
    if (waiting?.tickets.size === 0) {
      this.#waiting.delete(signal)
      signal.removeEventListener('abort', waiting.listener)
    }
  }
}

module.exports = { Aborts }
