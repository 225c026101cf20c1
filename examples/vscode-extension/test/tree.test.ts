import * as assert from 'node:assert/strict'
import * as vscode from 'vscode'
import type { Node } from '../src/tree'
import { api, threads, until } from './editor'

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
    assert.match(top[3]!, /^lost: morphir\.toml:\d+:\d+: .*lost\.wasm/)
    assert.equal(top.length, 4)
    // They are not run by libuv's threads.
    for (const name of ['morphir-guest-0', 'morphir-guest-1']) assert.ok(threads().includes(name), threads().join())
  })

  it('shows methods and figures below', async () => {
    const lines = await shown()
    const below = lines.slice(lines.indexOf('hostile: 0 calls') + 1, lines.indexOf('endless: 0 calls'))
    assert.match(below.pop()!, /^ {2}memory: \d\.\d MiB at most$/)
    assert.deepEqual(below, [
      '  count: Counts its calls',
      '  loop: Never comes back',
      '  hoard: Takes all memory',
      '  trap: Breaks off',
      '  calls: 0',
    ])
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
    assert.match(lines[lines.indexOf('hostile: 1 call') + 6]!, /^ {2}time: \d+\.\d ms$/)
  })

  it('loads again, with new figures and no thread more', async () => {
    const before = threads().length
    for (let round = 0; round < 3; round += 1) await vscode.commands.executeCommand('morphir.loadAgain')
    assert.ok((await shown()).includes('hostile: 0 calls'))
    await until(() => threads().length <= before)
  })
})
