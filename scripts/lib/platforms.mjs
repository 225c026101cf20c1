// The systems that addons are published for, by the names that lib/platforms.js has, where their packages are, and what Rust calls them.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from './places.mjs'

const { binaryName, targets } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).napi
const OPERATING_SYSTEMS = { linux: 'unknown-linux', darwin: 'apple-darwin', win32: 'pc-windows' }
const PROCESSORS = { x64: 'x86_64', arm64: 'aarch64' }

/**
 * @typedef {object} Platform
 * @property {string} name such as linux-x64-gnu
 * @property {string} os as Node.js names it
 * @property {string} cpu as Node.js names it
 * @property {string | undefined} abi gnu, musl or msvc
 * @property {string} target as Rust names it
 * @property {string} file the name of its addon
 * @property {string} directory its package
 * @property {string} binary its addon in its package
 */

/** @type {Platform[]} */
export const platforms = createRequire(import.meta.url)('../../lib/platforms.js').map((name) => {
  const [os, cpu, abi] = name.split('-')
  const target = [PROCESSORS[cpu], OPERATING_SYSTEMS[os], abi].filter(Boolean).join('-')
  const file = `${binaryName}.${name}.node`
  const directory = join(root, 'npm', name)
  return { name, os, cpu, abi, target, file, directory, binary: join(directory, file) }
})

/** What is configured to be built and has no name, or the other way round. */
export function unmatchedTargets() {
  const named = platforms.map(({ target }) => target)
  return [
    ...targets.filter((target) => !named.includes(target)),
    ...named.filter((target) => !targets.includes(target)),
  ]
}

/** The platform that this Node.js is. */
export function platformHere() {
  return platforms.find(
    ({ os, cpu, abi }) =>
      os === process.platform && cpu === process.arch && (os !== 'linux' || abi === (isGlibc() ? 'gnu' : 'musl')),
  )
}

/** What was built last: in its package, or, for this machine, in the root, where `npm run build` leaves it. */
export function builtAddon({ name, file, binary }) {
  const places = platformHere()?.name === name ? [binary, join(root, file)] : [binary]
  const age = (path) => statSync(path).mtimeMs
  return places.filter((path) => existsSync(path)).toSorted((one, other) => age(other) - age(one))[0]
}

function isGlibc() {
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}
