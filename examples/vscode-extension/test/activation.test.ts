import * as assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { api, threads, until } from './editor'

describe('activation', () => {
  it('comes with a model in the workspace', async () => {
    await until(() => vscode.extensions.getExtension('finos.morphir-extensions')!.isActive)
  })

  it('loads no addon and starts no thread', () => {
    assert.ok(Number.isNaN(api().extensions.figures.addon))
    assert.deepEqual(threads(), [])
  })

  it('registers every command that package.json names', async () => {
    const { contributes } = vscode.extensions.getExtension('finos.morphir-extensions')!.packageJSON
    const registered = await vscode.commands.getCommands(true)
    const names = contributes.commands.map(({ command }: { command: string }) => command)
    assert.deepEqual(
      names.filter((name: string) => !registered.includes(name)),
      [],
    )
  })
})
