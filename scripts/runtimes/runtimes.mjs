// Whatever loads addons for Node.js and can be had from npm, and how each is started.

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { platforms } from '../lib/platforms.mjs'
import { installPackages } from '../lib/packages.mjs'
import { root } from '../lib/places.mjs'
import { run } from '../lib/run.mjs'

const directory = join(root, 'scripts', 'runtimes')
const packages = join(directory, 'node_modules')
const GNU = platforms.find(({ name }) => name === 'linux-x64-gnu')

/** Node.js's own permission model, and no code from text. It warns of addons, which are not bound by it. */
const PERMISSIONS = [
  ...['--permission', '--allow-addons', '--allow-worker', '--allow-child-process'],
  ...['--allow-fs-read=*', '--allow-fs-write=*', '--no-warnings', '--disallow-code-generation-from-strings'],
]

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {import('../lib/platforms.mjs').Platform} platform whose addon it loads
 * @property {string[]} command
 * @property {Record<string, string>} [env]
 * @property {number} [patience] how long a case may take, in milliseconds
 */

/** Those for Linux on x64 with glibc. */
export async function runtimesForLinux() {
  await installPackages(directory)
  const node = (major) => join(packages, `node-${major}`, 'bin', 'node')
  return [
    ...[20, 22, 24, 26].map((major) => ({ name: `Node.js ${major}`, platform: GNU, command: [node(major)] })),
    {
      name: 'Node.js 24, external buffers refused',
      platform: GNU,
      command: [node(24)],
      env: await withoutExternalBuffers(),
    },
    { name: 'Node.js 24, with permissions', platform: GNU, command: [node(24), ...PERMISSIONS] },
    { name: 'Bun', platform: GNU, command: [join(packages, '@oven', 'bun-linux-x64', 'bin', 'bun')] },
    {
      name: 'Deno',
      platform: GNU,
      command: [join(packages, '@deno', 'linux-x64-glibc', 'deno'), 'run', '--allow-all'],
    },
  ]
}

/** The one that runs this script. */
export function runtimeHere(platform) {
  return { name: `Node.js ${process.versions.node.split('.', 1)[0]}`, platform, command: [process.execPath] }
}

/** What a runtime says that it is, such as 24.21.0. */
export async function versionOf({ command: [command, ...args] }) {
  const { stdout } = await run(command, [...args.filter((arg) => !['run', '--allow-all'].includes(arg)), '--version'])
  return /\d+\.\d+\.\d+/.exec(stdout.join(' '))?.[0]
}

/**
 * The rule of Electron and so of editors made with it: memory outside of V8's own is refused. A library that the linker asks about each
 * symbol makes any Node.js refuse it.
 */
async function withoutExternalBuffers() {
  const library = join(root, 'target', 'no-external-buffers.so')
  const source = join(directory, 'no-external-buffers.c')
  mkdirSync(dirname(library), { recursive: true })
  await run('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source], {
    advice: 'install a C compiler; on Debian and Ubuntu: apt-get install gcc libc6-dev.',
  })
  return { LD_AUDIT: library }
}
