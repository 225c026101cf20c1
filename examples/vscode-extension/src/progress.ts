import * as vscode from 'vscode'

/**
 * Does some work under a notification with a cancel button, which aborts the signal. Answers nothing where it was cancelled or
 * failed; the user has been told then.
 */
export async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true }
  try {
    return await vscode.window.withProgress(options, async (_, token) => {
      const controller = new AbortController()
      const button = token.onCancellationRequested(() => controller.abort())
      try {
        return await work(controller.signal)
      } finally {
        button.dispose()
      }
    })
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    // Not awaited, here and below: they answer when somebody closes them.
    if (code === 'Cancelled') void vscode.window.setStatusBarMessage(`${title}: cancelled.`, 5000)
    else void vscode.window.showErrorMessage(`${title}: ${message}`)
    return undefined
  }
}
