import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Failure } from '../lib/failure.mjs'
import { extensions, renamePackage, root } from '../lib/places.mjs'

/** The modules of the pipelines, by the name that they have there. */
const MODULES = {
  'rename-package': join(renamePackage, 'rename-package.wasm'),
  'document-modules': join(extensions, 'rust', 'extension.wasm'),
}

/** Puts the modules of the pipelines into a folder. */
export function placeModules(folder) {
  mkdirSync(folder)
  for (const name of Object.keys(MODULES)) placeModule(name, join(folder, `${name}.wasm`))
}

/** Puts one of them to where it is wanted. */
export function placeModule(name, path) {
  const module = MODULES[name]
  if (!existsSync(module)) {
    throw new Failure(`There is no ${relative(root, module)}.`, {
      advice: 'npm run build:extensions -- --only rename-package,rust.',
    })
  }
  copyFileSync(module, path)
}
