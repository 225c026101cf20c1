'use strict'

// Lends libuv's threads to whatever work may start. The core says what may; this asks it whenever that can have changed.

/** What has work in this environment but no slot for it. */
const inLine = new Set()
/** Tasks of this environment on libuv's pool. */
let running = 0
let retry

/** How soon to ask again, in milliseconds, while worker threads' hosts hold every slot: nobody here hears when they are done. */
const RETRY = 2

/** How soon to take what settled while its task goes on, in milliseconds: a quick call must not wait for a slow one behind it. */
const SOON = 1

/**
 * Starts what may start.
 * @param {Pool} pool whose
 */
function lend(pool) {
  const { native } = pool
  for (let task = native.startNext(); task !== null; task = native.startNext()) {
    running += 1
    pool.started()
    task.then(
      (settled) => {
        running -= 1
        // The next work starts before JavaScript runs for what is done.
        lend(pool)
        lendToOthers()
        pool.deliver(settled)
      },
      (error) => {
        running -= 1
        throw error
      },
    )
  }
  if (native.waitsForSlot()) {
    inLine.add(pool)
    askAgain()
  } else {
    inLine.delete(pool)
  }
}

function lendToOthers() {
  for (const pool of [...inLine]) {
    inLine.delete(pool)
    lend(pool)
  }
}

function askAgain() {
  if (running > 0 || retry !== undefined) return
  retry = setTimeout(() => {
    retry = undefined
    lendToOthers()
  }, RETRY)
}

/** Lends a host the threads of libuv's pool. Tasks keep the process alive by themselves. */
class Pool {
  #soon
  #again = false

  /**
   * @param {import('../binding.js').NativeHost} native
   * @param {(settled: unknown[]) => void} deliver takes what settled
   */
  constructor(native, deliver) {
    this.native = native
    this.deliver = deliver
  }

  lend() {
    lend(this)
  }

  /** A task goes on with what else waits for its instance, for less than a millisecond. What it has done by then is taken then. */
  started() {
    if (this.#soon !== undefined) {
      this.#again = true
      return
    }
    this.#soon = setTimeout(() => {
      this.#soon = undefined
      this.deliver(this.native.takeSettled())
      if (this.#again) this.started()
    }, SOON).unref()
    this.#again = false
  }

  busy() {}

  end() {}
}

/** Threads of a host's own, which take what may start by themselves. */
class OwnThreads {
  #native
  #alive

  /**
   * @param {import('../binding.js').NativeHost} native
   * @param {number} count how many
   * @param {(settled: unknown[]) => void} deliver takes what settled
   */
  constructor(native, count, deliver) {
    this.#native = native
    // Weak, because the threads would keep their host for ever.
    const [weakNative, weakDeliver] = [new WeakRef(native), new WeakRef(deliver)]
    native.startThreads(count, () => weakDeliver.deref()?.(weakNative.deref()?.takeSettled() ?? []))
    // Threads of one's own do not keep a process alive, and one that waits for an answer should not end.
    this.#alive = setInterval(() => {}, 2 ** 31 - 1).unref()
  }

  lend() {
    this.#native.wake()
  }

  /** Tells whether somebody waits for an answer. */
  busy(busy) {
    if (busy) this.#alive.ref()
    else this.#alive.unref()
  }

  end() {
    clearInterval(this.#alive)
    this.#native.endThreads()
  }
}

module.exports = { OwnThreads, Pool }
