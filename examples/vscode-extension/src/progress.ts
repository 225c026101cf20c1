import * as vscode from 'vscode'

/** How often the notification says how long it has taken, in milliseconds. */
const SECOND = 1000
const SHOW_LOG = 'Show Log'

/**
 * Does some work under a notification with a cancel button, which aborts the signal. Answers nothing where it was cancelled or
 * failed; the user has been told then.
 */
export async function withProgress<T>(
  log: vscode.LogOutputChannel,
  title: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true }
  try {
    return await vscode.window.withProgress(options, async (progress, token) => {
      const controller = new AbortController()
      const since = performance.now()
      const clock = setInterval(
        () => progress.report({ message: `${Math.round((performance.now() - since) / SECOND)} s` }),
        SECOND,
      )
      const button = token.onCancellationRequested(() => controller.abort())
      try {
        return await work(controller.signal)
      } finally {
        clearInterval(clock)
        button.dispose()
      }
    })
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === 'Cancelled') {
      vscode.window.setStatusBarMessage(`${title}: cancelled.`, 5000)
      return undefined
    }
    log.error(`${title}: ${message}`)
    // Not awaited: it answers when somebody closes it.
    void vscode.window.showErrorMessage(`${title}: ${message}`, SHOW_LOG).then((choice) => choice && log.show())
    return undefined
  }
}
