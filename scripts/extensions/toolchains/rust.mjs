// The Rust toolchain that rust-toolchain.toml pins, with its WebAssembly target: what extensions in Rust are built with, and
// engines that carry a script.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { cargoProgress } from '../../lib/cargo.mjs'
import { Failure } from '../../lib/failure.mjs'
import { attempt, run } from '../../lib/run.mjs'

const TARGET = 'wasm32-unknown-unknown'
const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo')

export async function missing() {
  const rustup = await findRustup()
  if (rustup === undefined) return { what: 'Rust, by rustup', install: 'see https://rustup.rs' }
  // From the root, where rust-toolchain.toml says which toolchain is meant.
  const { code, stdout } = await attempt(rustup, ['target', 'list', '--installed'], {
    env: { RUSTUP_AUTO_INSTALL: '0' },
  })
  if (code === 0 && stdout.includes(TARGET)) return undefined
  return { what: `Rust with the target ${TARGET}`, install: 'npm run build:extensions -- --install' }
}

export async function install(live) {
  const rustup = await findRustup()
  if (rustup === undefined)
    throw new Failure('Rust is installed by rustup, which is missing.', { advice: 'see https://rustup.rs' })
  await run(rustup, ['target', 'add', TARGET], {
    env: { RUSTUP_AUTO_INSTALL: '1' },
    onLine: (line) => live.now(line.trim()),
    advice: 'check that static.rust-lang.org can be reached, then run it again.',
  })
}

/**
 * Builds a crate for WebAssembly and answers its module.
 * @param {{ directory: string, crate: string, live: { now(state: string): void }, env?: Record<string, string>, options?: string[] }} what
 *   the crate's folder, its name, what its build script wants to know, and what cargo is told besides
 * @returns {Promise<Buffer>}
 */
export async function buildCrate({ directory, crate, live, env, options = [] }) {
  const found = { ...(await environment()), ...env }
  const cargo = (args, more) =>
    run('cargo', args, { cwd: directory, env: { ...found, ...more }, onLine: cargoProgress(live) })
  // By itself, because where the sources lie is known only afterwards.
  await cargo(['fetch', '--locked', '--target', TARGET])
  const targetDir = join(directory, 'target')
  await cargo(['build', '--release', '--locked', '--target', TARGET, '--target-dir', targetDir, ...options], {
    CARGO_ENCODED_RUSTFLAGS: remapped(directory)
      .map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
      .join('\x1f'),
  })
  return readFileSync(join(targetDir, TARGET, 'release', `${crate.replaceAll('-', '_')}.wasm`))
}

/**
 * Where sources lie on this machine, and what the module calls those places instead: panic messages name source files, and the same
 * source shall give the same module everywhere.
 */
export function remapped(directory) {
  const registry = join(cargoHome, 'registry', 'src')
  const sources = existsSync(registry) ? readdirSync(registry).map((index) => join(registry, index)) : []
  return [...sources.map((path) => [path, '/crates']), [directory, '/extension']]
}

/** The environment in which `cargo` is the pinned one, also where the system brings another. */
export async function environment() {
  const rustup = await findRustup()
  if (rustup === undefined) return {}
  const { stdout } = await run(rustup, ['which', 'cargo'])
  const active = await run(rustup, ['show', 'active-toolchain'])
  const bin = dirname(stdout.at(-1))
  return {
    RUSTUP_TOOLCHAIN: active.stdout.at(-1).split(' ', 1)[0],
    PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
  }
}

async function findRustup() {
  for (const rustup of ['rustup', join(cargoHome, 'bin', 'rustup')]) {
    if ((await attempt(rustup, ['--version'])).code === 0) return rustup
  }
}
