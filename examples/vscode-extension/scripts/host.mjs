// The package @finos/morphir-extension-host, packed from this repository and installed as its users do.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../../scripts/lib/failure.mjs'
import { npmCommand } from '../../../scripts/lib/packages.mjs'
import { renamePackage, root } from '../../../scripts/lib/places.mjs'
import { run } from '../../../scripts/lib/run.mjs'
import { step } from '../../../scripts/lib/step.mjs'
import { build, example } from './places.mjs'

export const module = join(renamePackage, 'rename-package.wasm')

/** What `vsce` calls a platform, and what the addon's file does. */
export const TARGETS = {
  'linux-x64': 'linux-x64-gnu',
  'linux-arm64': 'linux-arm64-gnu',
  'alpine-x64': 'linux-x64-musl',
  'alpine-arm64': 'linux-arm64-musl',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'win32-x64-msvc',
  'win32-arm64': 'win32-arm64-msvc',
}

/** The platforms whose addon is there: built here, or collected in `npm` as a release does. */
export function availableTargets() {
  return Object.keys(TARGETS).filter((target) => addonOf(target) !== undefined)
}

/** Packs the host and installs it in the example, with the addon of one platform. */
export async function installHost(target) {
  const addon = addonOf(target)
  if (addon === undefined) {
    throw new Failure(`There is no addon for ${target}: morphir-extension-host.${TARGETS[target]}.node.`, {
      advice: 'npm run build makes that of this machine; a release collects the others in npm.',
    })
  }
  if (!existsSync(module)) {
    throw new Failure('The extension rename-package is not built.', {
      advice: 'npm run build:extensions -- --only rename-package.',
    })
  }
  await step('Packing the host and installing it', async () => {
    const [npm, ...args] = npmCommand()
    const folder = join(build, 'host')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    await run(npm, [...args, 'pack', '--ignore-scripts', '--pack-destination', folder])
    const [packed] = readdirSync(folder).map((file) => join(folder, file))
    const install = [
      'install',
      '--no-save',
      '--prefer-offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      packed,
    ]
    await run(npm, [...args, ...install], { cwd: example })
    // A package that is released has its addons in packages of their own; one that is packed here has all that were built.
    const installed = join(example, 'node_modules', '@finos', 'morphir-extension-host')
    for (const file of readdirSync(installed)) if (file.endsWith('.node')) rmSync(join(installed, file))
    cpSync(addon, join(installed, fileOf(target)))
  })
}

function addonOf(target) {
  const platform = TARGETS[target]
  return [join(root, fileOf(target)), join(root, 'npm', platform, fileOf(target))].find((path) => existsSync(path))
}

function fileOf(target) {
  return `morphir-extension-host.${TARGETS[target]}.node`
}
