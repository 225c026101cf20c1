// The example extensions, each in a folder of its own, and how each is built: a recipe in scripts/extensions, of the same name.
//
// A recipe exports
//   missing()   what has to be there and is not, `{ what, install }` in words for a reader; it only looks
//   install(live)   fetches that from the package registries
//   build({ directory, module, live, env })   answers the module's bytes, or leaves them in the file `module`
//   file   the module's name, where that is not extension.wasm

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Failure } from './failure.mjs'
import { extensions, root } from './places.mjs'
import { size } from './quantity.mjs'
import { step } from './step.mjs'

const recipes = join(root, 'scripts', 'extensions')

/** The names of all extensions that can be built. */
export function extensionNames() {
  const files = readdirSync(recipes).filter((file) => file.endsWith('.mjs'))
  return files.map((file) => basename(file, '.mjs')).toSorted()
}

export function recipeOf(name) {
  return import(pathToFileURL(join(recipes, `${name}.mjs`)).href)
}

/** Builds one extension to a module beside its source. */
export async function buildExtension(name, env) {
  const recipe = await recipeOf(name)
  await step(`Building the extension ${name}`, async (live) => {
    const directory = join(extensions, name)
    const scratch = mkdtempSync(join(tmpdir(), 'morphir-extension-'))
    try {
      const module = join(scratch, 'extension.wasm')
      const built = (await recipe.build({ directory, module, live, env })) ?? read(module, name)
      live.note(size(built.length))
      place(built, join(directory, recipe.file ?? 'extension.wasm'))
    } finally {
      rmSync(scratch, { recursive: true })
    }
  })
}

/** Builds what the demo and the tests cannot do without; the Rust toolchain is all that it needs. */
export function buildExtensions({ env }) {
  return buildExtension('rename-package', env)
}

/** The folders of the extensions that are crates. */
export function rustExtensions() {
  const directories = readdirSync(extensions).map((name) => join(extensions, name))
  return directories.filter((directory) => existsSync(join(directory, 'Cargo.toml')))
}

function read(module, name) {
  if (existsSync(module)) return readFileSync(module)
  throw new Failure(`The recipe scripts/extensions/${name}.mjs made no module.`)
}

/** A module that is the same is left alone: whoever watches it need not load it again. */
function place(built, path) {
  if (!existsSync(path) || !readFileSync(path).equals(built)) writeFileSync(path, built)
}
