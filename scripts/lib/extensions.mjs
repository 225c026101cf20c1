// The example extensions in Rust, each a crate of its own with its own lock file and target directory.

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { cargoProgress } from './cargo.mjs'
import { extensions } from './places.mjs'
import { run } from './run.mjs'
import { step } from './step.mjs'

const TARGET = 'wasm32-unknown-unknown'

/** Builds every extension to a module beside its source. */
export async function buildExtensions({ env }) {
  for (const directory of rustExtensions()) {
    const name = basename(directory)
    await step(`Building the extension ${name}`, async (live) => {
      // By itself, because where the sources lie is known only afterwards.
      await cargo(directory, ['fetch', '--locked', '--target', TARGET], env, live)
      const flags = { ...env, CARGO_ENCODED_RUSTFLAGS: remapped(directory).join('\x1f') }
      const targetDir = join(directory, 'target')
      await cargo(
        directory,
        ['build', '--release', '--locked', '--target', TARGET, '--target-dir', targetDir],
        flags,
        live,
      )
      const built = readFileSync(join(targetDir, TARGET, 'release', `${name.replaceAll('-', '_')}.wasm`))
      const module = join(directory, `${name}.wasm`)
      // Left alone when it is the same: whoever watches it need not load it again.
      if (!existsSync(module) || !readFileSync(module).equals(built)) writeFileSync(module, built)
    })
  }
}

export function rustExtensions() {
  const directories = readdirSync(extensions).map((name) => join(extensions, name))
  return directories.filter((directory) => existsSync(join(directory, 'Cargo.toml')))
}

function cargo(directory, args, env, live) {
  return run('cargo', args, { cwd: directory, env, onLine: cargoProgress(live) })
}

/** Panic messages name source files: without this, by where they lie on the machine that built the module. */
function remapped(directory) {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src')
  const sources = existsSync(registry) ? readdirSync(registry).map((index) => join(registry, index)) : []
  return [
    ...sources.map((path) => `--remap-path-prefix=${path}=/crates`),
    `--remap-path-prefix=${directory}=/extension`,
  ]
}
