// The engine in examples/engines/python: a crate that carries a script, and Python to run it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cargoProgress } from '../lib/cargo.mjs'
import { root } from '../lib/places.mjs'
import { run } from '../lib/run.mjs'
import { environment, remapped } from './toolchains/rust.mjs'

export { install, missing } from './toolchains/rust.mjs'

const TARGET = 'wasm32-unknown-unknown'
const engine = join(root, 'examples', 'engines', 'python')

export async function build({ directory, live, env }) {
  const found = { ...(await environment()), ...env }
  const cargo = (args) =>
    run('cargo', args, {
      cwd: engine,
      env: { ...found, EXTENSION_SCRIPT: join(directory, 'extension.py') },
      onLine: cargoProgress(live),
    })
  // By itself, because where the sources lie is known only afterwards.
  await cargo(['fetch', '--locked', '--target', TARGET])
  const target = join(engine, 'target')
  // Beside the flags in the engine's own configuration, which RUSTFLAGS would replace.
  const flags = remapped(engine).map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
  const config = `target.${TARGET}.rustflags=${JSON.stringify(flags)}`
  await cargo(['build', '--release', '--locked', '--target', TARGET, '--target-dir', target, '--config', config])
  return readFileSync(join(target, TARGET, 'release', 'python_engine.wasm'))
}
