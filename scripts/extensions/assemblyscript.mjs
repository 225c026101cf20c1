import { join } from 'node:path'
import { extensions } from '../lib/places.mjs'
import * as npm from './toolchains/npm.mjs'

const packages = join(extensions, 'assemblyscript')

export async function missing() {
  return npm.missing(packages)
}

export function install(live) {
  return npm.install(packages, live)
}

export async function build({ directory, module }) {
  await npm.runScript(directory, 'build', ['--outFile', module])
}
