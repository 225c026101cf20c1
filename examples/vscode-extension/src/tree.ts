import * as vscode from 'vscode'
import type { ExtensionInfo, ExtensionStats } from '@finos/morphir-extension-host'
import { methodsOf, type Method } from './call'
import type { Extensions } from './extensions'
import { hint, type Failed } from './project'

/** How soon the tree follows what happens, in milliseconds: a thousand calls a second must not redraw it as often. */
const SOON = 200

export type Node =
  | { kind: 'extension'; info: ExtensionInfo; stats: ExtensionStats }
  | { kind: 'failed'; failed: Failed }
  | { kind: 'method'; method: Method }
  | { kind: 'figure'; extension: string; label: string; text: string; icon: string }

/** Morphir's extensions, each with its methods and figures. */
export class ExtensionsTree implements vscode.TreeDataProvider<Node> {
  readonly #extensions: Extensions
  readonly #changed = new vscode.EventEmitter<void>()
  readonly onDidChangeTreeData = this.#changed.event
  readonly #hinted = new vscode.EventEmitter<string | undefined>()
  /** What is to be said above the tree now. */
  readonly onDidHint = this.#hinted.event
  #timer: NodeJS.Timeout | undefined

  constructor(extensions: Extensions) {
    this.#extensions = extensions
    extensions.changed(() => {
      if (this.#timer !== undefined) return
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#changed.fire()
      }, SOON)
    })
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node?.kind === 'extension') return [...(await this.#methods(node.info.name)), ...figures(node)]
    if (node !== undefined) return []
    this.#hinted.fire(await hint())
    const { loaded, failed } = await this.#list()
    const nodes = loaded.map(async (info) => {
      return { kind: 'extension', info, stats: await this.#extensions.stats(info.id) } as const
    })
    return [...(await Promise.all(nodes)), ...failed.map((failed) => ({ kind: 'failed', failed }) as const)]
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case 'extension':
        return extensionItem(node.info, node.stats)
      case 'failed':
        return failedItem(node.failed)
      case 'method':
        return methodItem(node.method)
      case 'figure':
        return figureItem(node)
    }
  }

  /** Where the host itself cannot start, the tree says why. */
  async #list(): Promise<{ loaded: ExtensionInfo[]; failed: Failed[] }> {
    try {
      return await this.#extensions.list()
    } catch (error) {
      return { loaded: [], failed: [{ name: 'No extensions', message: (error as Error).message }] }
    }
  }

  async #methods(extension: string): Promise<Node[]> {
    const methods = (await methodsOf(this.#extensions)).filter((method) => method.extension === extension)
    return methods.map((method) => ({ kind: 'method', method }))
  }
}

/** What its calls came to; nothing where there were none. How many there were is beside its name. */
function figures({ info, stats }: { info: ExtensionInfo; stats: ExtensionStats }): Node[] {
  const { calls, errorsByCode, runTime, peakMemory, generation } = stats
  if (calls === 0) return []
  // By their names, or rows would change places from one look to the next.
  const errors = Object.entries(errorsByCode).toSorted(([a], [b]) => a.localeCompare(b))
  const rows: [string, string, string][] = errors.map(([code, times]) => [code, count(times, 'error'), 'warning'])
  if (runTime !== undefined) {
    const most = milliseconds(runTime.max)
    rows.push(['time', calls > 1 ? `${milliseconds(runTime.p50)} median, ${most} most` : most, 'watch'])
  }
  if (peakMemory !== undefined) rows.push(['memory', `${mebibytes(peakMemory)} at most`, 'database'])
  if (generation > 1) rows.push(['started', `${generation} times`, 'sync'])
  return rows.map(([label, text, icon]) => ({ kind: 'figure', extension: info.name, label, text, icon }))
}

function extensionItem(info: ExtensionInfo, stats: ExtensionStats): vscode.TreeItem {
  const item = new vscode.TreeItem(info.name, vscode.TreeItemCollapsibleState.Expanded)
  item.id = info.name
  const counts = [count(stats.calls, 'call'), ...(stats.errors === 0 ? [] : [count(stats.errors, 'error')])]
  const busy = stats.running + stats.waiting > 0
  item.description = busy ? 'running' : counts.join(', ')
  item.iconPath = new vscode.ThemeIcon(busy ? 'loading~spin' : 'extensions')
  item.contextValue = 'extension'
  return item
}

function failedItem({ name, message, place }: Failed): vscode.TreeItem {
  const item = new vscode.TreeItem(name)
  item.id = `failed:${name}`
  item.description = message
  item.tooltip = `${name}: ${message}`
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('errorForeground'))
  item.contextValue = 'failed'
  if (place !== undefined) {
    const selection = new vscode.Range(place.position, place.position)
    item.command = { command: 'vscode.open', title: 'Open', arguments: [place.uri, { selection }] }
  }
  return item
}

function methodItem({ extension, method, description }: Method): vscode.TreeItem {
  const item = new vscode.TreeItem(method)
  item.id = `${extension}.${method}`
  item.description = description
  item.tooltip = `${method}: ${description}`
  item.iconPath = new vscode.ThemeIcon('symbol-method')
  item.contextValue = 'method'
  return item
}

function figureItem({ extension, label, text, icon }: Node & { kind: 'figure' }): vscode.TreeItem {
  const item = new vscode.TreeItem(label)
  item.id = `${extension}:${label}`
  item.description = text
  item.tooltip = `${label}: ${text}`
  item.iconPath = new vscode.ThemeIcon(icon)
  return item
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function milliseconds(time: number): string {
  return time < 10 ? `${time.toFixed(1)} ms` : time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
