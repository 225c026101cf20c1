// Ctrl-C takes back what runs; the second one ends the process as it always does.

const controller = new AbortController()

/** A signal that Ctrl-C aborts. From the first time that somebody asks for it, Ctrl-C does not end the process at once. */
export function interrupt() {
  if (process.listenerCount('SIGINT') === 0) process.once('SIGINT', () => controller.abort())
  return controller.signal
}

export function isInterrupted() {
  return controller.signal.aborted
}
