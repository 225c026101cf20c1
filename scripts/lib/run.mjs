import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import { Failure } from './failure.mjs'
import { root } from './places.mjs'

const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal)
    process.exit(signal === 'SIGINT' ? 130 : 143)
  })
}

/**
 * Runs a command to its end, whatever that is, at most for so many milliseconds as `timeout` says. Nothing it prints is shown:
 * `onLine` gets each line as it comes.
 * @returns {Promise<{ code: number | null, signal: string | null, missing: boolean, lines: string[], stdout: string[] }>}
 */
export async function attempt(command, args, { cwd = root, env, onLine, timeout } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  })
  running.add(child)
  const ended = new Promise((resolve, reject) => {
    child.once('error', (error) => {
      if (error.code === 'ENOENT') resolve({ code: null, signal: null, missing: true })
      else reject(error)
    })
    child.once('close', (code, signal) => resolve({ code, signal, missing: false }))
  })
  const lines = []
  const stdout = []
  const read = async (stream, more) => {
    for await (const raw of createInterface({ input: stream })) {
      // Carriage returns come from progress bars: what counts is what is left standing.
      const line = stripVTControlCharacters(raw).split('\r').at(-1)
      lines.push(line)
      more?.push(line)
      onLine?.(line)
    }
  }
  try {
    const [end] = await Promise.all([ended, read(child.stdout, stdout), read(child.stderr)])
    return { ...end, lines, stdout }
  } finally {
    running.delete(child)
  }
}

/** Runs a command that has to succeed, and answers what it printed. */
export async function run(command, args, { advice, lastLines, ...options } = {}) {
  const end = await attempt(command, args, options)
  if (end.code !== 0) throw new Failure(`${ending(end, command, args)}.`, { output: end.lines, lastLines, advice })
  return end
}

/** How a command ended, as a sentence without its full stop. */
export function ending({ code, signal, missing }, command, args) {
  const shown = `\`${[command === process.execPath ? 'node' : command, ...args].join(' ').replaceAll(`${root}/`, '')}\``
  if (missing) return `${shown} cannot be run: there is no ${command}`
  return signal === null ? `${shown} ended with exit code ${code}` : `${shown} was ended by ${signal}`
}
