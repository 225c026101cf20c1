import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import * as vscode from 'vscode'
import type { Api } from '../src/extension'

/** Lets the process come to rest before its memory is looked at. */
const REST = 3000
const CALLS = 100

/** Prints what the extension costs in this process, as JSON: times in milliseconds, memory in bytes. */
export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension<Api>('finos.morphir-extensions')!
  if (extension.isActive) throw new Error('Something has activated the extension already.')
  const figures: Record<string, number> = {}
  const memory = async (name: string) => {
    await new Promise((resolve) => setTimeout(resolve, REST))
    figures[name] = process.memoryUsage.rss()
  }
  await memory('memoryBefore')
  let since = performance.now()
  const { extensions } = await extension.activate()
  figures.activation = performance.now() - since
  await memory('memoryActivated')
  const [addon] = readdirSync(join(extension.extensionPath, 'dist', 'native'))
  since = performance.now()
  createRequire(__filename)(join(extension.extensionPath, 'dist', 'native', addon!))
  figures.addon = performance.now() - since
  await memory('memoryAddon')
  since = performance.now()
  await extensions.host()
  figures.firstUse = performance.now() - since
  await memory('memoryCompiled')
  since = performance.now()
  await extensions.loadAgain()
  figures.nextUse = performance.now() - since
  const [file] = await vscode.workspace.findFiles('model.json')
  const model = new TextDecoder().decode(await vscode.workspace.fs.readFile(file!))
  const params = `{"options":{"to":"NorthSea.BulkTrades"},"ir":${model}}`
  const host = await extensions.host()
  const id = await extensions.idOf('rename-package')
  const times: number[] = []
  for (let call = 0; call < CALLS; call += 1) {
    since = performance.now()
    await host.callRaw(id, 'transform', params)
    times.push(performance.now() - since)
  }
  figures.call = times.toSorted((a, b) => a - b)[CALLS / 2]!
  await memory('memoryCalled')
  console.log(`figures ${JSON.stringify(figures)}`)
}
