'use strict'

// Lends libuv's threads to whatever work may start. The core says what may; this asks it whenever that can have changed.

/** Whose work waits for a slot in this environment, in the order in which they get one. */
const inLine = new Set()
/** Tasks of this environment on libuv's pool. */
let running = 0
let retry

/** How soon to ask again, in milliseconds, while worker threads' hosts hold every slot: nobody here hears when they are done. */
const RETRY = 2
/** The same while this environment has slots too: most often it hears when one is free. */
const RETRY_WITH_SLOTS = 20

/**
 * Starts what may start.
 * @param {Pool} pool whose
 */
function lend(pool) {
  const { native } = pool
  let task = native.startNext()
  for (; typeof task === 'object' ? task !== null : task === true; task = native.startNext()) {
    // Who got a slot stands behind all others for the next.
    inLine.delete(pool)
    // A thread that has just done some work has taken it.
    if (task === true) continue
    running += 1
    task.then(
      (settled) => {
        running -= 1
        pool.take(settled)
      },
      (error) => {
        running -= 1
        throw error
      },
    )
  }
  if (task === false) {
    inLine.add(pool)
    askAgain()
  } else {
    inLine.delete(pool)
  }
  pool.wakeIn(typeof task === 'number' ? task : null)
}

function lendInTurn() {
  for (const pool of [...inLine]) lend(pool)
}

function askAgain() {
  if (retry !== undefined) return
  retry = setTimeout(
    () => {
      retry = undefined
      lendInTurn()
    },
    running > 0 ? RETRY_WITH_SLOTS : RETRY,
  )
}

/** Lends a host the threads of libuv's pool. Tasks keep the process alive by themselves. */
class Pool {
  #deliver
  #whenRung = (settled) => this.take(settled)
  #alarm

  /**
   * @param {import('../binding.js').NativeHost} native
   * @param {(settled: unknown[]) => void} deliver takes what settled
   */
  constructor(native, deliver) {
    this.native = native
    this.#deliver = deliver
    ring(native, this.#whenRung)
  }

  lend() {
    lend(this)
  }

  /** Takes what settled. The next work starts before JavaScript runs for what is done. */
  take(settled) {
    inLine.add(this)
    lendInTurn()
    this.#deliver(settled)
  }

  /** Work waits for an instance that is started again in so many milliseconds. Somebody waits for that work, so the process goes on. */
  wakeIn(milliseconds) {
    clearTimeout(this.#alarm)
    this.#alarm = milliseconds === null ? undefined : setTimeout(() => lend(this), Math.ceil(milliseconds))
  }

  /** Tells whether somebody waits for an answer. */
  busy(busy) {
    if (!busy) this.wakeIn(null)
  }

  end() {}
}

/** Those who take what settles on threads of their own, while somebody waits for it: nothing else need hold them. */
const awaited = new Set()

/** Threads of a host's own, which take what may start by themselves. */
class OwnThreads {
  #native
  #deliver
  #alive

  /**
   * @param {import('../binding.js').NativeHost} native
   * @param {number} count how many
   * @param {(settled: unknown[]) => void} deliver takes what settled
   */
  constructor(native, count, deliver) {
    this.#native = native
    this.#deliver = new WeakRef(deliver)
    native.startThreads(count)
    ring(native, deliver)
    // Threads of one's own do not keep a process alive, and one that waits for an answer should not end.
    this.#alive = setInterval(() => {}, 2 ** 31 - 1).unref()
  }

  lend() {
    this.#native.wake()
  }

  /** Tells whether somebody waits for an answer. */
  busy(busy) {
    const deliver = this.#deliver.deref()
    if (busy) {
      awaited.add(deliver)
      this.#alive.ref()
    } else {
      awaited.delete(deliver)
      this.#alive.unref()
    }
  }

  end() {
    clearInterval(this.#alive)
    this.#native.endThreads()
  }
}

/** Has what settles on other threads taken as soon as it is there. Weak, because the threads would keep their host for ever. */
function ring(native, take) {
  const [weakNative, weakTake] = [new WeakRef(native), new WeakRef(take)]
  native.ringBy(() => weakTake.deref()?.(weakNative.deref()?.takeSettled() ?? []))
}

module.exports = { OwnThreads, Pool }
