// examples/fleet: the pipeline on many workers, with a Redis of its own.

import { cpSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from '../lib/places.mjs'
import { step } from '../lib/step.mjs'
import { compilePackages } from './models.mjs'
import { placeModules } from './modules.mjs'
import { install as installPackages } from './npm.mjs'
import { find } from './redis.mjs'

export { install, missing } from './redis.mjs'

export const source = join(root, 'examples', 'fleet')
/** Whoever tried things there has these; they are not part of it. */
const MADE = new Set(['node_modules', 'extensions', 'packages', 'store'])

export async function prepare(directory, tarballs) {
  cpSync(source, directory, { recursive: true, filter: (path) => !MADE.has(basename(path)) })
  await compilePackages(join(root, 'examples', 'toolchain', 'packages'), join(directory, 'packages'))
  placeModules(join(directory, 'extensions'))
  await step('Installing the fleet', (live) => installPackages(directory, tarballs, live))
}

/** Where the sessions find redis-server. */
export const environment = find
