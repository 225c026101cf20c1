import * as assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { hint } from '../src/project'
import { api, referencesIn, workspaceFile } from './editor'

describe('a folder that is in no file system', () => {
  before(() => vscode.extensions.getExtension('finos.morphir-extensions')!.activate())

  it('has none of its own extensions loaded, and the view says why', async () => {
    assert.equal(workspaceFile('morphir.toml').scheme, 'elsewhere')
    const { loaded, failed } = await api().extensions.list()
    assert.deepEqual(
      loaded.map(({ name }) => name),
      ['rename-package'],
    )
    assert.deepEqual(failed, [])
    assert.match((await hint())!, /elsewhere/)
  })

  it('has its model renamed, and the change applied to it', async () => {
    const model = workspaceFile('morphir-ir.json')
    const references = await referencesIn(model)
    assert.equal(
      await vscode.commands.executeCommand('morphir.renamePackage', model, 'NorthSea.BulkTrades'),
      references,
    )
    const after = model.with({ scheme: 'morphir-preview', query: 'after' })
    assert.equal(await vscode.commands.executeCommand('morphir.apply', after), true)
    const document = await vscode.workspace.openTextDocument(model)
    assert.ok(document.isDirty && document.getText().includes('[["north","sea"],["bulk","trades"]]'))
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor')
  })
})
