import { readFile } from 'node:fs/promises'
import * as vscode from 'vscode'

/** Files of this machine under another scheme, as a repository's that is looked at without being cloned. */
class Elsewhere implements vscode.FileSystemProvider {
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event

  stat({ path }: vscode.Uri) {
    return vscode.workspace.fs.stat(vscode.Uri.file(path))
  }

  readDirectory({ path }: vscode.Uri) {
    return vscode.workspace.fs.readDirectory(vscode.Uri.file(path))
  }

  readFile({ path }: vscode.Uri): Promise<Uint8Array> {
    return readFile(path)
  }

  watch() {
    return new vscode.Disposable(() => {})
  }

  writeFile = refuse
  createDirectory = refuse
  delete = refuse
  rename = refuse
}

export function provideElsewhere(): vscode.Disposable {
  return vscode.workspace.registerFileSystemProvider('elsewhere', new Elsewhere())
}

function refuse(): never {
  throw vscode.FileSystemError.NoPermissions('Nothing is saved here.')
}
