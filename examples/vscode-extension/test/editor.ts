import { readdirSync, readFileSync } from 'node:fs'
import * as vscode from 'vscode'
import type { Api } from '../src/extension'

/** What the extension gives to others. */
export function api(): Api {
  return vscode.extensions.getExtension<Api>('finos.morphir-extensions')!.exports
}

/** A file of the workspace's. */
export function workspaceFile(name: string): vscode.Uri {
  return vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, name)
}

/** How the example model names its package. */
const PACKAGE = '[["tidewater"],["chartering"]]'

/** How often the example model, whose package nobody renamed, refers to it: the first time is its own name. */
export async function referencesIn(model: vscode.Uri): Promise<number> {
  const { length } = (await vscode.workspace.openTextDocument(model)).getText().split(PACKAGE)
  return length - 2
}

/** The names of this process's threads that are the host's and the engine's, as Linux lists them: threads inherit their names. */
export function threads(): string[] {
  const names = readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim())
  return names.filter((name) => name.startsWith('morphir'))
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 1000; round += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`It still does not hold: ${holds}`)
}
