/** Random numbers that come in the same order for the same seed (mulberry32). */
export class Random {
  #state

  constructor(seed) {
    this.#state = seed | 0
  }

  /** From 0 up to 1. */
  fraction() {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number, both ends included. */
  from(least, most) {
    return least + Math.floor(this.fraction() * (most - least + 1))
  }

  of(list) {
    return list[this.from(0, list.length - 1)]
  }
}
