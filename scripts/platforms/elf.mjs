// What an addon for Linux asks of the system that loads it.

import { statSync } from 'node:fs'
import { run } from '../lib/run.mjs'

/**
 * Reads it with binutils. `readelf` knows the files of every processor, `objdump -T` often only those of its own.
 * @param {string} path
 * @returns {Promise<{ size: number, machine: string, libraries: string[], glibc: string | undefined }>} `glibc` is the newest version
 *   of it that a symbol is of
 */
export async function readElf(path) {
  const advice = 'install binutils; on Debian and Ubuntu: apt-get install binutils.'
  const { stdout } = await run('readelf', ['--wide', '--file-header', '--dynamic', '--version-info', path], {
    advice,
    env: { LC_ALL: 'C' },
  })
  const text = stdout.join('\n')
  return {
    size: statSync(path).size,
    machine: /^\s*Machine:\s*(.+?)\s*$/m.exec(text)?.[1],
    libraries: [...text.matchAll(/\(NEEDED\).*\[(.+?)\]/g)].map((match) => match[1]),
    glibc: newest([...text.matchAll(/\bGLIBC_(\d+(?:\.\d+)+)/g)].map((match) => match[1])),
  }
}

/** Whether a version such as 2.17 is above another. */
export function isAbove(version, other) {
  const [a, b] = [version, other].map((text) => text.split('.').map(Number))
  const differing = a.findIndex((number, index) => number !== (b[index] ?? 0))
  return differing >= 0 && a[differing] > (b[differing] ?? 0)
}

function newest(versions) {
  return versions.reduce((best, version) => (best === undefined || isAbove(version, best) ? version : best), undefined)
}
