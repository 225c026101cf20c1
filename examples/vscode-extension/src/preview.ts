import * as vscode from 'vscode'
import { layOut } from './layout'

const APPLY = 'Apply to File'

interface Pair {
  file: vscode.Uri
  before: string
  after: string
}

/** A file as it is and as it would be, side by side, until somebody applies it. */
export class Preview implements vscode.TextDocumentContentProvider, vscode.Disposable {
  static readonly scheme = 'morphir-preview'
  readonly #changed = new vscode.EventEmitter<vscode.Uri>()
  readonly onDidChange = this.#changed.event
  /** By the path of their file. */
  readonly #pairs = new Map<string, Pair>()
  readonly #closing = vscode.workspace.onDidCloseTextDocument(({ uri }) => {
    if (uri.scheme === Preview.scheme) this.#pairs.delete(uri.path)
  })

  /** Shows what would change, with a remark and a button to have it. */
  async show(file: vscode.Uri, before: string, after: string, remark: string): Promise<void> {
    this.#pairs.set(file.path, { file, before, after })
    const [left, right] = ['before', 'after'].map((query) => file.with({ scheme: Preview.scheme, query }))
    for (const side of [left, right]) this.#changed.fire(side!)
    const title = `${vscode.workspace.asRelativePath(file)}: as it is ↔ renamed`
    await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: false })
    // Not awaited: it answers when somebody closes it.
    void vscode.window.showInformationMessage(remark, APPLY).then((choice) => choice && this.apply(right))
  }

  /** Laid out over lines on both sides in the same way, because morphir-elm writes all of a model in one. */
  provideTextDocumentContent(uri: vscode.Uri): string {
    const pair = this.#pairs.get(uri.path)
    if (pair === undefined) return 'This preview is over. Run the command again.\n'
    return layOut(uri.query === 'before' ? pair.before : pair.after)
  }

  /** Puts what the preview shows into the file's editor, as one change that can be undone and is not saved. Answers whether it did. */
  async apply(uri = vscode.window.activeTextEditor?.document.uri): Promise<boolean> {
    const pair = uri?.scheme === Preview.scheme ? this.#pairs.get(uri.path) : undefined
    if (pair === undefined) {
      void vscode.window.showErrorMessage('There is no preview to apply: rename a package first.')
      return false
    }
    const document = await vscode.workspace.openTextDocument(pair.file)
    const text = document.getText()
    if (text !== pair.before) {
      void vscode.window.showErrorMessage('The file has changed since: rename the package again.')
      return false
    }
    const edit = new vscode.WorkspaceEdit()
    edit.replace(pair.file, new vscode.Range(new vscode.Position(0, 0), document.positionAt(text.length)), pair.after)
    if (!(await vscode.workspace.applyEdit(edit))) return false
    await vscode.window.tabGroups.close(this.#tabsOf(pair.file))
    await vscode.window.showTextDocument(document)
    return true
  }

  #tabsOf(file: vscode.Uri): vscode.Tab[] {
    return vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .filter(({ input }) => {
        if (!(input instanceof vscode.TabInputTextDiff)) return false
        return input.modified.scheme === Preview.scheme && input.modified.path === file.path
      })
  }

  dispose(): void {
    this.#closing.dispose()
    this.#changed.dispose()
  }
}
