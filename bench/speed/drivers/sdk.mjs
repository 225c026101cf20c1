// Extism's own SDK for JavaScript, in a worker or on the main thread, with no limit at all: it is quickest so.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from '../../../scripts/lib/places.mjs'

/** A plug-in takes one call at a time. */
export const concurrent = false

/**
 * It keeps what its calls carried until it is reset: without that each call takes longer than the one before, and after some 16,000 of
 * them it answers none.
 */
const RESET_AFTER = { calls: 100, bytes: 10_000_000 }

export async function load(module, { sdk, worker, reset = true, lifecycle }) {
  const createPlugin = createRequire(join(root, 'bench', 'peers', 'package.json'))(sdk).default
  const plugin = await createPlugin(module, { runInWorker: worker, useWasi: needsWasi(module) })
  if (lifecycle === 'morphir') {
    await plugin.call('initialize', '{}')
    await plugin.call('capabilities')
  }
  let [calls, bytes] = [0, 0]
  const raw = async (method, input) => {
    const answer = await plugin.call(method, input)
    calls += 1
    bytes += answer.byteLength
    if (reset && (calls >= RESET_AFTER.calls || bytes >= RESET_AFTER.bytes)) {
      await plugin.reset()
      ;[calls, bytes] = [0, 0]
    }
    return answer
  }
  const call = async (method, params) => (await raw(method, JSON.stringify(params))).json()
  return { call, raw: async (method, input) => (await raw(method, input)).bytes(), sync: call }
}

function needsWasi(module) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(module)))
  return imports.some(({ module }) => module === 'wasi_snapshot_preview1')
}
