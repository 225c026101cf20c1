'use strict'

// A task on libuv's pool keeps `process.exit()` waiting: a guest that never returns would keep the process for as long as it was
// granted. So at the exit of a process or of a worker every guest is stopped first.

/** @type {Set<WeakRef<import('../binding.js').NativeHost>>} */
const hosts = new Set()
const forget = new FinalizationRegistry((reference) => hosts.delete(reference))
let listens = false

/** Stops this host's guests when the process or the worker exits. */
function stopAtExit(native) {
  const reference = new WeakRef(native)
  hosts.add(reference)
  forget.register(native, reference)
  if (listens) return
  listens = true
  process.on('exit', () => {
    for (const reference of hosts) reference.deref()?.stop()
  })
}

module.exports = { stopAtExit }
