import * as assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { hint } from '../src/project'
import { api, referencesIn, workspaceFile } from './editor'

describe('a folder that is not trusted', () => {
  it('has none of its own extensions loaded', async () => {
    assert.equal(vscode.workspace.isTrusted, false)
    const { loaded, failed } = await api().extensions.list()
    assert.deepEqual(
      loaded.map(({ name }) => name),
      ['rename-package'],
    )
    assert.deepEqual(failed, [])
    assert.match((await hint())!, /not trusted/)
  })

  it('has its model renamed all the same', async () => {
    const model = workspaceFile('morphir-ir.json')
    const references = await referencesIn(model)
    assert.equal(
      await vscode.commands.executeCommand('morphir.renamePackage', model, 'NorthSea.BulkTrades'),
      references,
    )
  })
})
