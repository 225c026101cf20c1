// The package as it is published: one tarball without a binary, and one with this platform's.

import { copyFileSync, cpSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../lib/failure.mjs'
import { root } from '../lib/places.mjs'
import { npm } from './npm.mjs'

/** Packs both below a directory, and answers their paths. */
export async function pack(directory) {
  const addon = readdirSync(root).find((file) => file.endsWith('.node'))
  if (addon === undefined) throw new Failure('The addon is not built.', { advice: 'npm run build.' })
  const platform = addon.split('.').at(-2)
  const main = join(directory, 'main')
  const binary = join(directory, platform)
  for (const path of await listed()) {
    // The one that a checkout has beside its sources would be found first, and hide what is wrong with the other.
    if (!path.endsWith('.node')) copy(join(root, path), join(main, path))
  }
  cpSync(join(root, 'npm', platform), binary, { recursive: true })
  copy(join(root, addon), join(binary, addon))
  return [await packed(main, directory), await packed(binary, directory)]
}

async function listed() {
  const { stdout } = await npm(['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root })
  const [{ files }] = Object.values(JSON.parse(stdout.join('\n')))
  return files.map(({ path }) => path)
}

async function packed(folder, destination) {
  const { stdout } = await npm(['pack', '--ignore-scripts', '--pack-destination', destination], { cwd: folder })
  return join(destination, stdout.at(-1).trim())
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
}
