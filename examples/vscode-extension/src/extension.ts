import * as vscode from 'vscode'
import { callMethod, type Method } from './call'
import { Extensions } from './extensions'
import { Preview } from './preview'
import { renamePackage } from './rename'
import { ExtensionsTree } from './tree'

/** What other extensions of the editor get: Morphir's extensions, and the tree that shows them. */
export interface Api {
  extensions: Extensions
  tree: ExtensionsTree
}

let extensions: Extensions | undefined

/** Registers, and nothing else: the addon is loaded when somebody looks at the view or runs a command. */
export function activate(context: vscode.ExtensionContext): Api {
  const log = vscode.window.createOutputChannel('Morphir Extensions', { log: true })
  const all = (extensions = new Extensions(context, log))
  const tree = new ExtensionsTree(all)
  const view = vscode.window.createTreeView('morphir.extensions', { treeDataProvider: tree })
  tree.onDidHint((text) => (view.message = text))
  const preview = new Preview()
  context.subscriptions.push(
    log,
    preview,
    view,
    vscode.workspace.registerTextDocumentContentProvider(Preview.scheme, preview),
    vscode.commands.registerCommand('morphir.renamePackage', (uri?: vscode.Uri, to?: unknown) =>
      // Menus pass something of their own in its place.
      renamePackage(all, preview, log, uri, typeof to === 'string' ? to : undefined),
    ),
    vscode.commands.registerCommand('morphir.apply', (uri?: vscode.Uri) => preview.apply(uri)),
    vscode.commands.registerCommand('morphir.callMethod', (node?: { method: Method }) =>
      callMethod(all, log, node?.method),
    ),
    vscode.commands.registerCommand('morphir.loadAgain', () => loadAgain(all)),
    vscode.commands.registerCommand('morphir.showLog', () => log.show()),
    // What nobody has looked at yet is loaded when somebody does.
    vscode.workspace.onDidGrantWorkspaceTrust(() => (all.started ? loadAgain(all) : undefined)),
  )
  return { extensions: all, tree }
}

/** Under the progress bar of the view. */
function loadAgain(all: Extensions): Thenable<void> {
  return vscode.window.withProgress({ location: { viewId: 'morphir.extensions' } }, () => all.loadAgain())
}

/** Threads of a host's own stay until it is closed. What runs is cancelled: nobody waits for it any more. */
export function deactivate(): Promise<void> | undefined {
  return extensions?.close()
}
