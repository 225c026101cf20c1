'use strict'

// Lends libuv's threads to whatever work may start. The core says what may; this asks it whenever that can have changed.

/** Hosts of this environment that have work but no slot for it, each with who takes what comes of it. */
const inLine = new Map()
/** Tasks of this environment on libuv's pool. */
let running = 0
let retry

/** How soon to ask again, in milliseconds, while worker threads' hosts hold every slot: nobody here hears when they are done. */
const RETRY = 2

/**
 * Starts what may start.
 * @param {import('../binding.js').NativeHost} native
 * @param {(settled: unknown[]) => void} deliver takes what came of it
 */
function lend(native, deliver) {
  for (let task = native.startNext(); task !== null; task = native.startNext()) {
    running += 1
    task.then(
      (settled) => {
        running -= 1
        // The next work starts before JavaScript runs for what is done.
        lend(native, deliver)
        lendToOthers()
        deliver(settled)
      },
      (error) => {
        running -= 1
        throw error
      },
    )
  }
  if (native.waitsForSlot()) {
    inLine.set(native, deliver)
    askAgain()
  } else {
    inLine.delete(native)
  }
}

function lendToOthers() {
  for (const [native, deliver] of [...inLine]) {
    inLine.delete(native)
    lend(native, deliver)
  }
}

function askAgain() {
  if (running > 0 || retry !== undefined) return
  retry = setTimeout(() => {
    retry = undefined
    lendToOthers()
  }, RETRY)
}

/**
 * A lender for a host that has threads of its own, which take what may start by themselves.
 * @param {import('../binding.js').NativeHost} native
 * @param {number} count how many threads
 * @param {WeakRef<(settled: unknown[]) => void>} deliver weak, because the threads would keep their host for ever
 */
function ownThreads(native, count, deliver) {
  native.startThreads(count, (settled) => deliver.deref()?.(settled))
  // Threads of one's own do not keep a process alive, and one that waits for an answer should not end.
  const alive = setInterval(() => {}, 2 ** 31 - 1).unref()
  return {
    lend: () => native.wake(),
    /** Tells whether somebody waits for an answer. */
    busy: (busy) => (busy ? alive.ref() : alive.unref()),
    end: () => {
      clearInterval(alive)
      native.endThreads()
    },
  }
}

/** A lender that uses libuv's pool. Its tasks keep the process alive by themselves. */
function poolThreads(native, deliver) {
  return { lend: () => lend(native, deliver), busy: () => {}, end: () => {} }
}

module.exports = { ownThreads, poolThreads }
