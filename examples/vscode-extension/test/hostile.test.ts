import * as assert from 'node:assert/strict'
import { pbkdf2 } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import * as vscode from 'vscode'
import { api, referencesIn, until, workspaceFile } from './editor'

/** Calls a method as a click in the tree does. */
function call(extension: string, method: string): Thenable<unknown> {
  const node = { method: { extension, method, description: '' } }
  return vscode.commands.executeCommand('morphir.callMethod', node)
}

async function stats(extension: string) {
  const { extensions } = api()
  return extensions.stats(await extensions.idOf(extension))
}

describe('a hostile extension', () => {
  it('that loops is ended by its limit', async () => {
    assert.equal(await call('hostile', 'loop'), undefined)
    assert.deepEqual((await stats('hostile')).errorsByCode, { Timeout: 1 })
  })

  it('that loops leaves the editor and other extensions alone', async () => {
    const { extensions } = api()
    const controller = new AbortController()
    const host = await extensions.host()
    const looping = host.call(await extensions.idOf('endless'), 'loop', undefined, { signal: controller.signal })
    const ended = assert.rejects(looping, { code: 'Cancelled' })
    await until(async () => (await stats('endless')).running === 1)
    // All of them take threads of libuv's pool, which the guest must not, and more at once than it has.
    const hash = () => promisify(pbkdf2)('password', 'salt', 1000, 32, 'sha256')
    await Promise.all([...Array.from({ length: 8 }, hash), readFile(workspaceFile('morphir.toml').fsPath)])
    const model = workspaceFile('morphir-ir.json')
    const references = await referencesIn(model)
    assert.equal(await vscode.commands.executeCommand('morphir.renamePackage', model, 'A.B'), references)
    assert.equal((await stats('endless')).running, 1)
    controller.abort()
    await ended
    await vscode.commands.executeCommand('workbench.action.closeAllEditors')
  })

  it('that takes all memory gets no more than it was granted', async () => {
    const before = process.memoryUsage.rss()
    assert.equal(await call('hostile', 'hoard'), undefined)
    assert.equal((await stats('hostile')).errorsByCode.MemoryLimit, 1)
    assert.ok(process.memoryUsage.rss() - before < 64 * 2 ** 20)
  })

  it('that breaks off is started anew', async () => {
    assert.equal(await call('hostile', 'count'), 1)
    assert.equal(await call('hostile', 'count'), 2)
    assert.equal(await call('hostile', 'trap'), undefined)
    assert.equal(await call('hostile', 'count'), 1)
    const { errorsByCode, generation } = await stats('hostile')
    assert.deepEqual(errorsByCode, { Timeout: 1, MemoryLimit: 1, Trap: 1 })
    assert.equal(generation, 4)
  })

  it('is not there, or has no such method: the user is told', async () => {
    assert.equal(await call('nobody', 'count'), undefined)
    assert.equal(await call('lost', 'count'), undefined)
    assert.equal(await call('hostile', 'nothing'), undefined)
  })
})
