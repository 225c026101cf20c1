// The Rust toolchain that rust-toolchain.toml pins, installed by rustup where it is missing.

import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { Failure } from './failure.mjs'
import { root } from './places.mjs'
import { attempt, run } from './run.mjs'
import { step } from './step.mjs'

/**
 * @returns {Promise<{ host: string, env: Record<string, string> }>} the triple of this machine, and the environment in
 *   which `cargo` is the pinned one
 */
export async function installToolchain() {
  const pinned = readPinned()
  return step(`Checking the Rust toolchain ${pinned.channel}`, async (live) => {
    await checkLinker()
    const rustup = await findRustup(live)
    if (!(await complete(rustup, pinned))) {
      live.now('installing it')
      const parts = [
        ...pinned.components.flatMap((name) => ['-c', name]),
        ...pinned.targets.flatMap((name) => ['-t', name]),
      ]
      // Said explicitly: with RUSTUP_AUTO_INSTALL=0 cargo would only complain.
      await run(
        rustup,
        ['toolchain', 'install', pinned.channel, '--profile', 'minimal', '--no-self-update', ...parts],
        {
          onLine: (line) => live.now(line.trim()),
          advice: 'check that static.rust-lang.org can be reached, then run it again.',
        },
      )
      live.note('installed')
    }
    return describe(rustup, pinned)
  })
}

function readPinned() {
  const text = readFileSync(join(root, 'rust-toolchain.toml'), 'utf8')
  const value = (key) => new RegExp(`^${key}\\s*=\\s*(.+)$`, 'm').exec(text)?.[1] ?? ''
  const strings = (key) => [...value(key).matchAll(/"([^"]+)"/g)].map((match) => match[1])
  return { channel: strings('channel')[0], components: strings('components'), targets: strings('targets') }
}

async function checkLinker() {
  // On Windows it is Visual Studio's, which rustc finds by itself.
  if (process.platform === 'win32') return
  if ((await attempt('cc', ['--version'])).code === 0) return
  throw new Failure('There is no C compiler `cc`, which links Rust programs.', {
    advice:
      process.platform === 'darwin'
        ? 'run xcode-select --install.'
        : 'install one; on Debian and Ubuntu: apt-get install gcc libc6-dev.',
  })
}

async function findRustup(live) {
  const besides = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin', 'rustup')
  const find = async () => {
    for (const rustup of ['rustup', besides]) {
      if ((await attempt(rustup, ['--version'])).code === 0) return rustup
    }
  }
  const found = await find()
  if (found !== undefined) return found
  let output = []
  if (process.platform === 'linux' && process.getuid() === 0) {
    live.now('trying apt-get install rustup')
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    const end = await attempt('apt-get', ['install', '-y', 'rustup'], { env })
    const fromApt = end.code === 0 ? await find() : undefined
    if (fromApt !== undefined) return fromApt
    output = end.lines
  }
  throw new Failure('Rust is installed by rustup, which is missing.', {
    output,
    advice: 'get it from https://rustup.rs, or with apt-get install rustup on Debian 13 and Ubuntu 24.04 or later.',
  })
}

async function complete(rustup, { channel, components, targets }) {
  const list = ['component', 'list', '--installed', '--toolchain', channel]
  const end = await attempt(rustup, list, { env: { RUSTUP_AUTO_INSTALL: '0' } })
  if (end.code !== 0) return false
  const has = (name) => end.stdout.some((line) => line === name || line.startsWith(`${name}-`))
  return components.every(has) && targets.every((target) => has(`rust-std-${target}`))
}

async function describe(rustup, { channel }) {
  const { stdout } = await run(rustup, ['which', 'cargo', '--toolchain', channel])
  const bin = dirname(stdout[0])
  if (!existsSync(bin)) throw new Failure(`rustup says that cargo is in ${bin}, which does not exist.`)
  // First on the path, so that a cargo that the system brings does not get in the way.
  const env = { RUSTUP_TOOLCHAIN: channel, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` }
  const version = await run(join(bin, 'rustc'), ['-vV'], { env })
  const host = version.stdout.find((line) => line.startsWith('host: ')).slice('host: '.length)
  return { host, env }
}
