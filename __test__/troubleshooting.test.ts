import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ExtensionConfig, ExtensionHost } from '@finos/morphir-extension-host'
import { wat } from './support/guest.ts'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

const page = readFileSync(new URL('../docs/troubleshooting.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ')

const LOOP = '(module (func (export "loop") (loop (br 0))) (func (export "rest")))'
const ONE_FUNCTION = { 'extism:host/user': { wait: () => new Promise(() => {}) } }

/** Makes an extension of text, and calls it. */
async function called(host: ExtensionHost, text: string, method: string, config: Partial<ExtensionConfig>) {
  const id = await loadPlain(host, await wat(text), { permissions: { maxExecutionTime: 300 }, ...config })
  return host.callRaw(id, method)
}

/** What is quoted, and what somebody does who sees it. */
const SYMPTOMS: [string, string, (host: ExtensionHost) => Promise<unknown>][] = [
  [
    'imports what this host does not offer',
    'InvalidSource',
    async (host) => loadPlain(host, await wat('(module (import "env" "emscripten_x" (func (param i32))))')),
  ],
  [
    'is a WebAssembly component',
    'InvalidSource',
    (host) => loadPlain(host, Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)),
  ],
  ['is not WebAssembly', 'InvalidSource', (host) => loadPlain(host, new TextEncoder().encode('<!doctype html>'))],
  [
    'memory64 must be enabled',
    'InvalidSource',
    (host) => loadPlain(host, Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 4, 1)),
  ],
  ['exports no function `initialize`', 'InitializationFailed', (host) => load(host, 'plain', { dialect: 'morphir' })],
  [
    'The module starts with 300 pages',
    'MemoryLimit',
    async (host) =>
      loadPlain(host, await wat('(module (memory 300) (func (export "f")))'), { permissions: { maxMemory: '16MiB' } }),
  ],
  [
    'before it started',
    'Timeout',
    async (host) => {
      const id = await loadPlain(host, await wat(LOOP), { permissions: { maxExecutionTime: 2000 } })
      const first = rejection(host.callRaw(id, 'loop'))
      const second = host.callRaw(id, 'rest', undefined, { timeout: 50 })
      await rejection(second)
      await host.unloadExtension(id, { cancel: true })
      await first
      return second
    },
  ],
  [
    'while it waited for the host function …',
    'Timeout',
    (host) =>
      called(
        host,
        '(module (import "extism:host/user" "wait" (func $wait (result i64))) (func (export "f") (drop (call $wait))))',
        'f',
        { functions: ONE_FUNCTION },
      ),
  ],
  [
    'set an output of … bytes, more than the … that `maxOutput` grants',
    'MemoryLimit',
    async (host) => {
      const id = await load(host, 'plain', { dialect: 'raw', permissions: { maxOutput: 1000 } })
      return host.callRaw(id, 'echo', new Uint8Array(2000))
    },
  ],
]

describe('what docs/troubleshooting.md quotes', () => {
  it.each(SYMPTOMS)('is what is said: %s', async (quote, code, work) => {
    const error = await rejection(work(newHost()))
    expect(error).toMatchObject({ name: 'ExtensionError', code })
    for (const part of quote.split(' …')) expect(error.message).toContain(part.trim())
  })

  it('is all of it tried here', () => {
    const quotes = [...page.matchAll(/“([^”]*)”/g)].map(([, quote]) => quote)
    expect(quotes.toSorted()).toEqual(SYMPTOMS.map(([quote]) => quote).toSorted())
  })
})
