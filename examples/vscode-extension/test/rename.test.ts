import * as assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { api, referencesIn, until, workspaceFile } from './editor'

const MODEL = workspaceFile('morphir-ir.json')

function rename(uri: vscode.Uri, to: string): Thenable<number | undefined> {
  return vscode.commands.executeCommand('morphir.renamePackage', uri, to)
}

function textOf(uri: vscode.Uri): Thenable<string> {
  return vscode.workspace.openTextDocument(uri).then((document) => document.getText())
}

function side(query: string): vscode.Uri {
  return MODEL.with({ scheme: 'morphir-preview', query })
}

describe('renaming a package', () => {
  let references: number
  before(async () => {
    references = await referencesIn(MODEL)
    assert.ok(references > 100)
  })

  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor')
    await vscode.commands.executeCommand('workbench.action.closeAllEditors')
  })

  it('shows both sides, and changes nothing yet', async () => {
    const before = await textOf(MODEL)
    assert.equal(await rename(MODEL, 'NorthSea.BulkTrades'), references)
    await until(() => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff)
    const [left, right] = await Promise.all(['before', 'after'].map((query) => textOf(side(query))))
    assert.ok(left!.includes('[["tidewater"], ["chartering"]]') && !left!.includes('"north"'))
    assert.ok(right!.includes('[["north", "sea"], ["bulk", "trades"]]') && !right!.includes('"tidewater"'))
    assert.equal(left!.split('\n').length, right!.split('\n').length)
    assert.equal(await textOf(MODEL), before)
  })

  it('applies as one change that can be undone', async () => {
    const before = await textOf(MODEL)
    await rename(MODEL, 'NorthSea.BulkTrades')
    assert.equal(await vscode.commands.executeCommand('morphir.apply', side('after')), true)
    const document = await vscode.workspace.openTextDocument(MODEL)
    assert.ok(document.isDirty)
    // The preview is over.
    assert.deepEqual(
      vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label)),
      ['morphir-ir.json'],
    )
    assert.deepEqual(JSON.parse(document.getText()).distribution[1], [
      ['north', 'sea'],
      ['bulk', 'trades'],
    ])
    await vscode.commands.executeCommand('undo')
    assert.equal(document.getText(), before)
  })

  it('gives back the file, byte for byte, when it is renamed there and back', async () => {
    const before = await textOf(MODEL)
    for (const name of ['NorthSea.BulkTrades', 'Tidewater.Chartering']) {
      assert.equal(await rename(MODEL, name), references)
      assert.equal(await vscode.commands.executeCommand('morphir.apply', side('after')), true)
    }
    assert.equal(await textOf(MODEL), before)
  })

  it('does not apply to a file that has changed since', async () => {
    await rename(MODEL, 'NorthSea.BulkTrades')
    const edit = new vscode.WorkspaceEdit()
    edit.insert(MODEL, new vscode.Position(0, 0), ' ')
    await vscode.workspace.applyEdit(edit)
    assert.equal(await vscode.commands.executeCommand('morphir.apply', side('after')), false)
    assert.ok((await textOf(MODEL)).startsWith(' {'))
    await vscode.window.showTextDocument(MODEL)
  })

  it('answers nothing for a file that is no model, a name that is none, and the name that it has', async () => {
    assert.equal(await rename(workspaceFile('morphir.toml'), 'A.B'), undefined)
    assert.equal(await rename(MODEL, 'no name'), undefined)
    assert.equal(await rename(MODEL, 'Tidewater.Chartering'), 0)
    assert.equal(vscode.window.tabGroups.activeTabGroup.activeTab, undefined)
  })

  it('asks for a name where a menu runs it, and where no model is open', async () => {
    const { extensions } = api()
    const calls = async () => (await extensions.stats(await extensions.idOf('rename-package'))).calls
    const before = await calls()
    // Menus pass what is selected as well, or where they are.
    for (const args of [[MODEL, [MODEL]], [MODEL, { groupId: 0 }], []]) {
      const asking = vscode.commands.executeCommand('morphir.renamePackage', ...args)
      let over = false
      void asking.then(() => (over = true))
      await until(async () => {
        await vscode.commands.executeCommand('workbench.action.closeQuickOpen')
        return over
      })
      assert.equal(await asking, undefined)
      assert.deepEqual(vscode.window.tabGroups.activeTabGroup.tabs, [])
    }
    assert.equal(await calls(), before)
  })

  it('applies nothing where there is no preview', async () => {
    assert.equal(await vscode.commands.executeCommand('morphir.apply', MODEL), false)
  })
})
