import { join } from 'node:path'
import * as vscode from 'vscode'
import type { ExtensionHost, ExtensionInfo, ExtensionStats } from '@finos/morphir-extension-host'
import { loadProject, type Failed } from './project'

/** The extension that comes with this one. */
export const RENAME_PACKAGE = 'rename-package'

/** One may run for long, and another still gets its turn. */
const THREADS = 2
const EVENTS = ['extension.call.started', 'extension.call.completed', 'extension.call.failed'] as const

/** Morphir's extensions: the one that comes with us, and those of the workspace's `morphir.toml`. */
export class Extensions {
  readonly #context: vscode.ExtensionContext
  readonly #log: vscode.LogOutputChannel
  readonly #changed = new vscode.EventEmitter<void>()
  /** Something was loaded or unloaded, or a call started or ended. */
  readonly changed = this.#changed.event
  #host: Promise<ExtensionHost> | undefined
  #failed: Failed[] = []
  #closed = false
  /** How long it took to load the addon and then the extensions, in milliseconds. */
  readonly figures = { addon: Number.NaN, extensions: Number.NaN }

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#context = context
    this.#log = log
  }

  /** The host, with all extensions loaded; made when it is first asked for. */
  host(): Promise<ExtensionHost> {
    if (this.#closed) return Promise.reject(new Error('The extensions were closed.'))
    this.#host ??= this.#start().catch((error: unknown) => {
      // The next one to ask tries again.
      this.#host = undefined
      throw error
    })
    return this.#host
  }

  /** Whether anybody has asked for them yet. */
  get started(): boolean {
    return this.#host !== undefined
  }

  async list(): Promise<{ loaded: ExtensionInfo[]; failed: Failed[] }> {
    const host = await this.host()
    return { loaded: host.list(), failed: this.#failed }
  }

  async stats(id: number): Promise<ExtensionStats> {
    return (await this.host()).stats(id)
  }

  /** The id that an extension has now. */
  async idOf(name: string): Promise<number> {
    const found = (await this.host()).list().find((extension) => extension.name === name)
    if (found !== undefined) return found.id
    const why = this.#failed.find((failed) => failed.name === name)?.message
    throw new Error(why ?? `No extension is called ${name}: see the view Morphir.`)
  }

  /** Unloads everything, and loads what is there now. */
  async loadAgain(): Promise<void> {
    await this.#end()
    await this.host()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#end()
    this.#changed.dispose()
  }

  async #end() {
    const host = this.#host
    this.#host = undefined
    // One that never started has nothing to end.
    await (await host?.catch(() => undefined))?.close({ cancel: true })
  }

  async #start(): Promise<ExtensionHost> {
    let since = performance.now()
    const { ExtensionHost } = await import('@finos/morphir-extension-host')
    const host = new ExtensionHost({
      // libuv's pool is the editor's: a guest that runs for long must not keep its files waiting.
      threads: THREADS,
      cacheDir: join(this.#context.globalStorageUri.fsPath, 'modules'),
      onLog: ({ level, extension, message }) => this.#log[level](`${extension}: ${message}`),
    })
    this.figures.addon = performance.now() - since
    since = performance.now()
    try {
      this.#failed = [...(await this.#loadOwn(host)), ...(await loadProject(host))]
    } catch (error) {
      await host.close({ cancel: true })
      throw error
    }
    this.figures.extensions = performance.now() - since
    for (const { name, message } of this.#failed) this.#log.error(`${name}: ${message}`)
    const { addon, extensions } = this.figures
    this.#log.info(`Addon in ${addon.toFixed(1)} ms, ${host.list().length} extensions in ${extensions.toFixed(1)} ms.`)
    for (const event of EVENTS) host.on(event, () => this.#changed.fire())
    this.#changed.fire()
    return host
  }

  async #loadOwn(host: ExtensionHost): Promise<Failed[]> {
    const path = join(this.#context.extensionPath, 'dist', `${RENAME_PACKAGE}.wasm`)
    try {
      await host.loadExtension({
        name: RENAME_PACKAGE,
        source: { type: 'wasm', path },
        permissions: { maxMemory: '512MiB', maxExecutionTime: '30s' },
      })
      return []
    } catch (error) {
      return [{ name: RENAME_PACKAGE, message: (error as Error).message }]
    }
  }
}
