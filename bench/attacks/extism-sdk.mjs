// Extism's own SDK for JavaScript, as a runtime for trials: in a worker, with every limit that it has.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from '../../scripts/lib/places.mjs'
import { drive } from './driver.mjs'

const PAGE = 64 * 1024
const MIB = 1024 * 1024

const trial = JSON.parse(process.argv[2])
const createPlugin = createRequire(join(root, 'bench', 'peers', 'package.json'))(trial.runtime).default
let count = 0
const log = () => (count += 1)
const logger = { trace: log, debug: log, info: log, warn: log, error: log }

await drive(trial, { load, logged: () => count, limited: trial.runtime === 'extism-2' })

async function load({ memory, time, directories, readonly = {}, hosts = [] }, module) {
  const marked = Object.entries(readonly).map(([name, path]) => [name, `ro:${path}`])
  const plugin = await createPlugin(module, {
    runInWorker: true,
    useWasi: needsWasi(module),
    logger,
    allowedHosts: hosts,
    allowedPaths: { ...directories, ...Object.fromEntries(marked) },
    // From here on version 2 alone; version 1 has no such options and ignores them.
    logLevel: 'info',
    timeoutMs: time,
    memory: { maxPages: memory / PAGE, maxVarBytes: MIB },
  })
  return {
    call: async (method, input) => (await plugin.call(method, input))?.bytes() ?? new Uint8Array(),
    end: () => plugin.close(),
  }
}

/** Version 1 cannot run with WASI what has no memory of its own, and ends the process. */
function needsWasi(module) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(module)))
  return imports.some(({ module }) => module === 'wasi_snapshot_preview1')
}
