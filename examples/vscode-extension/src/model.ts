import * as vscode from 'vscode'

const FILE = 'morphir-ir.json'
const OPEN_FILE = 'Open File…'

/** The model that a command is about: the one in front, or one of the workspace's. Tells the user if there is none. */
export async function findModel(): Promise<vscode.Uri | undefined> {
  const document = vscode.window.activeTextEditor?.document
  if (document?.languageId === 'json') return document.uri
  const found = await vscode.workspace.findFiles(`**/${FILE}`, '**/node_modules/**')
  if (found.length > 1) return choose(found)
  if (found.length === 0) {
    // Not awaited: it answers when somebody closes it.
    void vscode.window
      .showErrorMessage(`There is no ${FILE} here: \`morphir-elm make\` writes one.`, OPEN_FILE)
      .then((choice) => choice && vscode.commands.executeCommand('workbench.action.files.openFile'))
  }
  return found[0]
}

async function choose(found: vscode.Uri[]): Promise<vscode.Uri | undefined> {
  const items = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }))
  items.sort((a, b) => a.label.localeCompare(b.label))
  return (await vscode.window.showQuickPick(items, { title: 'Which model?' }))?.uri
}
