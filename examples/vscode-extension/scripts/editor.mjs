import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../../scripts/lib/failure.mjs'
import { run } from '../../../scripts/lib/run.mjs'
import { extensionHosts, isAlive } from './processes.mjs'
import { until } from './until.mjs'

/** A first start should look like any other. */
const SETTINGS = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'git.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'workbench.colorTheme': 'Default Light Modern',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
}

/** A VS Code server with a profile of its own. */
export class Editor {
  #server
  #data
  #log = ''
  /** Whatever ends this script ends the editor. */
  #kill = () => signal(-this.#server.pid, 'SIGKILL')

  /**
   * @param {{ node: string, vscode: string, vsix?: string, driven?: boolean, trusting?: boolean }} what a VSIX is installed first; one that
   *   is driven tells its page how tests ended, and shows no notifications
   */
  static async start({ node, vscode, vsix, driven = false, trusting = true }) {
    const editor = new Editor()
    const data = (editor.#data = mkdtempSync(join(tmpdir(), 'morphir-editor-')))
    mkdirSync(join(data, 'data', 'Machine'), { recursive: true })
    writeFileSync(join(data, 'data', 'Machine', 'settings.json'), JSON.stringify(SETTINGS))
    const places = ['--server-data-dir', data, '--extensions-dir', join(data, 'extensions')]
    const main = join(vscode, 'out', 'server-main.js')
    const quiet = ['--accept-server-license-terms', '--telemetry-level', 'off']
    try {
      if (vsix !== undefined) await run(node, [main, ...places, ...quiet, '--install-extension', vsix])
      editor.port = await freePort()
      const ways = [
        ...(driven ? ['--enable-smoke-test-driver'] : []),
        ...(trusting ? ['--disable-workspace-trust'] : []),
      ]
      const reach = ['--host', '127.0.0.1', '--port', String(editor.port), '--without-connection-token']
      editor.#server = spawn(node, [main, ...reach, ...places, ...quiet, ...ways], {
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, to end all of it.
        detached: true,
      })
      process.on('exit', editor.#kill)
      for (const stream of [editor.#server.stdout, editor.#server.stderr]) {
        stream.on('data', (text) => (editor.#log += text))
      }
      await until('the editor answers', () =>
        fetch(`${editor.address}/version`).then(
          (answer) => answer.ok,
          () => false,
        ),
      )
    } catch (error) {
      await editor.stop()
      throw error
    }
    return editor
  }

  get address() {
    return `http://127.0.0.1:${this.port}`
  }

  /** The address of a folder, or of the file that describes a workspace, and of what is to be done there. */
  addressOf(place, payload = {}) {
    const query = new URLSearchParams({ [place.endsWith('.code-workspace') ? 'workspace' : 'folder']: place })
    const entries = Object.entries(payload)
    if (entries.length > 0) query.set('payload', JSON.stringify(entries))
    return `${this.address}/?${query}`
  }

  /** How the browser names a file of this machine. */
  remote(path) {
    return `vscode-remote://127.0.0.1:${this.port}${path}`
  }

  /** The processes that run the editor's extensions. */
  extensionHosts() {
    return extensionHosts(this.#server.pid)
  }

  failure(message, advice) {
    return new Failure(message, { output: this.#log.split('\n'), advice })
  }

  /** Ends the server and whatever it started. */
  async stop() {
    if (this.#server !== undefined) {
      const group = -this.#server.pid
      signal(group, 'SIGTERM')
      // What does not go by itself need not.
      await until('the editor has ended', () => !isAlive(group), 5000).catch(this.#kill)
      process.off('exit', this.#kill)
    }
    rmSync(this.#data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

/** It may be gone already. */
function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
