// That something takes its time: on a terminal a line that counts the seconds and goes again, elsewhere one line once it is slow.

const PATIENCE = 500
const SLOW = 10_000
const terminal = process.stderr.isTTY === true

/** Awaits something, and says that it does. @template T @param {string} what @param {Promise<T>} promise @returns {Promise<T>} */
export async function waiting(what, promise) {
  const since = performance.now()
  const show = () => process.stderr.write(`\r\x1b[2K${what} ${((performance.now() - since) / 1000).toFixed(0)} s`)
  let shown = false
  let ticks
  const timer = setTimeout(
    () => {
      if (!terminal) return void console.error(`${what}; it takes its time.`)
      shown = true
      show()
      ticks = setInterval(show, 1000)
    },
    terminal ? PATIENCE : SLOW,
  )
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    clearInterval(ticks)
    if (shown) process.stderr.write('\r\x1b[2K')
  }
}
