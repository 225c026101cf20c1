import { join } from 'node:path'
import { extensions } from '../lib/places.mjs'
import * as npm from './toolchains/npm.mjs'
import * as quickjs from './toolchains/quickjs.mjs'

const packages = join(extensions, 'typescript')

export async function missing() {
  return (await quickjs.missing()) ?? npm.missing(packages)
}

export async function install(live) {
  if (npm.missing(packages) !== undefined) await npm.install(packages, live)
  if ((await quickjs.missing()) !== undefined) await quickjs.install(live)
}

export async function build({ directory, live }) {
  live.now('checking its types')
  await npm.runScript(directory, 'check')
  live.now('bundling it')
  await npm.runScript(directory, 'bundle')
  const bundle = join(directory, 'build', 'extension.js')
  return quickjs.buildEngine({ script: bundle, interface: join(directory, 'extension.d.ts'), live })
}
