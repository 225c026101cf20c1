import { sep } from 'node:path'
import * as vscode from 'vscode'
import type { ExtensionHost } from '@finos/morphir-extension-host'

const FILE = 'morphir.toml'
/** What the host writes before what is wrong: the line, the column, and the key unless it is none. */
const PLACE = /^:(\d+):(\d+): (?:extensions\S*: )?/

/** An extension that cannot be called, and why. */
export interface Failed {
  name: string
  message: string
  /** What lists it, for the editor to open. */
  place?: { uri: vscode.Uri; position: vscode.Position }
}

/** Loads what the workspace's files list. A file decides which directories are granted: only those who trust the workspace should have it read. */
export async function loadProject(host: ExtensionHost): Promise<Failed[]> {
  if (!vscode.workspace.isTrusted) return []
  const failed: Failed[] = []
  for (const uri of await files()) {
    try {
      const result = await host.loadConfig(uri.fsPath)
      failed.push(...result.failed.map(({ name, error }) => failure(uri, name, error)))
    } catch (error) {
      failed.push(failure(uri, vscode.workspace.asRelativePath(uri), error as Error))
    }
  }
  return failed
}

/** What to know about an extension that is missed in the view. */
export async function hint(): Promise<string | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? []
  if (folders.length === 0) return `Open a folder: its ${FILE} lists more extensions.`
  if (folders.every(({ uri }) => uri.scheme !== 'file')) {
    return `A ${FILE} is read only from this machine's files, and this folder is elsewhere.`
  }
  if ((await files()).length === 0) return `A ${FILE} in this folder would list more extensions.`
  if (!vscode.workspace.isTrusted) return `This folder is not trusted, so what its ${FILE} lists is not loaded.`
}

async function files(): Promise<vscode.Uri[]> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file')
  const candidates = folders.map(({ uri }) => vscode.Uri.joinPath(uri, FILE))
  const there = await Promise.all(candidates.map(exists))
  return candidates.filter((_, index) => there[index])
}

/** The view is narrow, and says which folder it is about. */
function failure(uri: vscode.Uri, name: string, { message }: Error): Failed {
  const folder = vscode.Uri.joinPath(uri, '..').fsPath
  const rest = message.startsWith(uri.fsPath) ? message.slice(uri.fsPath.length) : message
  const [place, line = '1', column = '1'] = PLACE.exec(rest) ?? ['']
  return {
    name,
    message: rest.slice(place.length).replaceAll(`${folder}${sep}`, ''),
    place: { uri, position: new vscode.Position(Number(line) - 1, Number(column) - 1) },
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri)
    return true
  } catch {
    return false
  }
}
