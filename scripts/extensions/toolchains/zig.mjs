// Zig from PyPI: one download with compilers for Zig, C and C++, and their libraries for WebAssembly.

import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { run } from '../../lib/run.mjs'
import { hasPython, toolchains, Venv } from './python.mjs'

const venv = new Venv('zig', fileURLToPath(new URL('zig.txt', import.meta.url)))

export async function missing() {
  if (venv.complete) return undefined
  if (await hasPython()) return { what: 'Zig, which PyPI has', install: 'npm run build:extensions -- --install' }
  return {
    what: 'Python 3 with venv, to get Zig from PyPI',
    install: 'on Debian and Ubuntu: apt-get install python3-venv',
  }
}

export function install(live) {
  return venv.install(live)
}

/** How Zig is run: a command and its first arguments. */
export const command = [venv.python, '-m', 'ziglang']

/** What it compiles for itself, C's library for one, is kept beside it, for all extensions. */
export const cache = { ZIG_GLOBAL_CACHE_DIR: join(toolchains, 'zig-cache') }

export function zig(args, { cwd, live }) {
  live.now('compiling; the first time, the language’s own library too')
  const [python, ...module] = command
  return run(python, [...module, ...args], { cwd, env: cache })
}

/**
 * How C and C++ become an extension. A reactor is a library: its functions are called as often as one likes, instead of one `main`.
 * Zig's own choice of stack, 16 MiB, would count towards every instance's memory.
 */
export const REACTOR = [
  ...['-target', 'wasm32-wasi', '-mexec-model=reactor', '-Wl,-z,stack-size=65536'],
  ...['-O2', '-s', '-Wall', '-Wextra', '-Werror'],
]
