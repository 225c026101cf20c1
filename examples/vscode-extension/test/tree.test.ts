import * as assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { hint } from '../src/project'
import type { Node } from '../src/tree'
import { api, threads, until, workspaceFile } from './editor'

const METHODS = [
  '  count: Counts its calls',
  '  loop: Never comes back',
  '  hoard: Takes all memory',
  '  trap: Breaks off',
]

/** What the tree shows, a line for each node. */
async function shown(nodes?: Node[], indent = ''): Promise<string[]> {
  const { tree } = api()
  const lines: string[] = []
  for (const node of nodes ?? (await tree.getChildren())) {
    const { label, description } = tree.getTreeItem(node)
    lines.push(`${indent}${label}: ${description}`, ...(await shown(await tree.getChildren(node), `${indent}  `)))
  }
  return lines
}

describe('tree', () => {
  it('shows the extension that comes along, those of morphir.toml, and what could not be loaded', async () => {
    const top = (await shown()).filter((line) => !line.startsWith(' '))
    assert.deepEqual(top.slice(0, 3), ['rename-package: 0 calls', 'hostile: 0 calls', 'endless: 0 calls'])
    assert.match(top[3]!, /^lost: lost\.wasm cannot be read: /)
    assert.equal(top.length, 4)
    // They are not run by libuv's threads.
    for (const name of ['morphir-guest-0', 'morphir-guest-1']) assert.ok(threads().includes(name), threads().join())
  })

  it('opens the line that lists what could not be loaded', async () => {
    const { tree } = api()
    const lost = (await tree.getChildren()).at(-1)!
    const { command } = tree.getTreeItem(lost)
    await vscode.commands.executeCommand(command!.command, ...command!.arguments!)
    const { document, selection } = vscode.window.activeTextEditor!
    assert.equal(document.uri.fsPath, workspaceFile('morphir.toml').fsPath)
    assert.equal(document.lineAt(selection.active).text, '[extensions.lost]')
    await vscode.commands.executeCommand('workbench.action.closeAllEditors')
  })

  it('shows methods below', async () => {
    const lines = await shown()
    const below = lines.slice(lines.indexOf('hostile: 0 calls') + 1, lines.indexOf('endless: 0 calls'))
    assert.deepEqual(below, METHODS)
  })

  it('has nothing to add where all there is is loaded', async () => {
    assert.equal(await hint(), undefined)
  })

  it('follows calls', async () => {
    const { extensions, tree } = api()
    let changes = 0
    const listening = tree.onDidChangeTreeData(() => (changes += 1))
    const host = await extensions.host()
    await host.call(await extensions.idOf('hostile'), 'count')
    await until(() => changes > 0)
    listening.dispose()
    const lines = await shown()
    assert.ok(lines.includes('hostile: 1 call'), lines.join('\n'))
    const below = lines.slice(lines.indexOf('hostile: 1 call') + 1, lines.indexOf('endless: 0 calls'))
    assert.deepEqual(below.slice(0, METHODS.length), METHODS)
    const [time, memory, ...more] = below.slice(METHODS.length)
    assert.match(time!, /^ {2}time: \d+\.\d ms$/)
    assert.match(memory!, /^ {2}memory: \d\.\d MiB at most$/)
    assert.deepEqual(more, [])
  })

  it('loads again, with new figures and no thread more', async () => {
    const before = threads().length
    for (let round = 0; round < 3; round += 1) await vscode.commands.executeCommand('morphir.loadAgain')
    assert.ok((await shown()).includes('hostile: 0 calls'))
    await until(() => threads().length <= before)
  })
})
