import { spawn, type SpawnOptions } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { guestFile } from './guest.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What every script begins with, and the scripts of its workers too. */
const PRELUDE = `'use strict'
const fs = require('node:fs')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { ExtensionHost, ExtensionError } = require('@finos/morphir-extension-host')
const sleep = require('node:timers/promises').setTimeout
/** Prints at once, even if the process ends next. */
const print = (value) => fs.writeSync(1, JSON.stringify(value) + '\\n')
/** What is measured begins now. */
const mark = () => fs.writeSync(1, '"mark"\\n')
const cacheDir = process.env.MORPHIR_TEST_CACHE
const newHost = (options) => new ExtensionHost({ cacheDir, ...options })
const load = (host, name, config) =>
  host.loadExtension({ name, source: { type: 'wasm', path: process.env['GUEST_' + name] }, ...config })
const until = async (holds) => {
  for (let round = 0; round < 5000 && !holds(); round += 1) await sleep(2)
  if (!holds()) throw new Error('It still does not hold: ' + holds)
}
const worker = (code, options) => new Worker(process.env.PRELUDE + ';' + code, { eval: true, ...options })
const ended = (thread) => new Promise((resolve, reject) => thread.once('error', reject).once('exit', resolve))
`

export interface Child {
  code: number | null
  signal: NodeJS.Signals | null
  /** What it printed. */
  printed: unknown[]
  stderr: string
  /** Milliseconds from its mark to its end. */
  sinceMark: number
}

export interface ChildOptions extends SpawnOptions {
  /** The guests that it loads by name. */
  guests?: string[]
  nodeArgs?: string[]
  /** It is killed after so many milliseconds, which fails the test. */
  patience?: number
  /** Called when it prints its mark. */
  onMark?: (pid: number) => void
}

/** Runs a script in a process of its own, to its end. It may await, and has what the prelude defines. */
export async function run(script: string, options: ChildOptions = {}): Promise<Child> {
  const { guests = ['counter'], nodeArgs = [], patience = 20_000, onMark, env, ...rest } = options
  const paths: Record<string, string> = {}
  for (const name of guests) paths[`GUEST_${name}`] = await guestFile(name)
  const code = `${PRELUDE}\n;(async () => {\n${script}\n})()`
  const child = spawn(process.execPath, [...nodeArgs, '-e', code], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...rest,
    env: { ...process.env, NODE_OPTIONS: '', PRELUDE, ...paths, ...env },
  })
  let stdout = ''
  let stderr = ''
  let marked = Number.NaN
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (Number.isNaN(marked) && stdout.includes('"mark"\n')) {
      marked = performance.now()
      onMark?.(child.pid!)
    }
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const killer = setTimeout(() => child.kill('SIGKILL'), patience)
  const [status, signal, sinceMark] = await new Promise<[number | null, NodeJS.Signals | null, number]>(
    (resolve, reject) => {
      child.once('error', reject)
      let exited = 0
      child.once('exit', () => (exited = performance.now()))
      child.once('close', (code, signal) => resolve([code, signal, exited - marked]))
    },
  )
  clearTimeout(killer)
  const printed = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
  return { code: status, signal, printed: printed.filter((value) => value !== 'mark'), stderr, sinceMark }
}

/** Runs a script that has to end well, without a word of complaint, and answers what it printed. */
export async function runWell(script: string, options?: ChildOptions): Promise<unknown[]> {
  const { code, signal, stderr, printed } = await run(script, options)
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  return printed
}
