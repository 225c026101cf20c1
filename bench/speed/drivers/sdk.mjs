// Extism's own SDK for JavaScript, in a worker or on the main thread, with no limit at all: it is quickest so.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from '../../../scripts/lib/places.mjs'

/** A plug-in takes one call at a time. */
export const concurrent = false

export async function load(module, { sdk, worker, lifecycle }) {
  const createPlugin = createRequire(join(root, 'bench', 'peers', 'package.json'))(sdk).default
  const plugin = await createPlugin(module, { runInWorker: worker, useWasi: needsWasi(module) })
  if (lifecycle === 'morphir') {
    await plugin.call('initialize', '{}')
    await plugin.call('capabilities')
  }
  const call = async (method, params) => (await plugin.call(method, JSON.stringify(params))).json()
  return { call, raw: async (method, input) => (await plugin.call(method, input)).bytes(), sync: call }
}

function needsWasi(module) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(module)))
  return imports.some(({ module }) => module === 'wasi_snapshot_preview1')
}
