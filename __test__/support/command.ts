import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const BIN = fileURLToPath(new URL('../../bin/morphir-extension-host.mjs', import.meta.url))

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface CommandOptions {
  input?: string | Uint8Array
  cwd?: string
  nodeArgs?: string[]
  /** The user that it runs as, which only root can choose. */
  uid?: number
  /** Called with each bit of its output. */
  onOutput?: (output: string, child: ChildProcess) => void
}

/** Runs the package's command, to its end. */
export async function command(args: string[], options: CommandOptions = {}): Promise<Ended> {
  const { input = '', cwd, nodeArgs = [], uid, onOutput } = options
  // Its own cache would be that of the user who runs the tests.
  const env = { ...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: join(process.env.MORPHIR_TEST_DIRECTORY!, 'xdg') }
  const child = spawn(process.execPath, [...nodeArgs, BIN, ...args], {
    env,
    cwd,
    timeout: 60_000,
    ...(uid !== undefined && { uid }),
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      onOutput?.(output.stdout + output.stderr, child)
    })
  }
  // A command that ends before it has read its input is no mistake here.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, ...output }
}
