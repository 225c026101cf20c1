// The part of Morphir's IR, format version 3, that this extension looks at.

import { isObject } from './json'

/** A list of names, each a list of words. */
export type Path = string[][]

/** What defines a module, besides its types and values. */
export interface ModuleDefinition {
  doc?: unknown
}

export interface Library {
  /** The package's path. */
  path: Path
  definitions: ModuleDefinition[]
}

/** Reads `["Library", packagePath, dependencies, { modules }]`, as far as the modules' definitions; throws for anything else. */
export function readLibrary(distribution: unknown): Library {
  if (!Array.isArray(distribution)) throw noModules('its distribution is not a list')
  const [kind, path, , definition] = distribution as unknown[]
  if (kind !== 'Library') throw noModules('its distribution is not a Library')
  if (!isPath(path)) throw noModules('its package path is not a list of names')
  if (!isObject(definition) || !Array.isArray(definition.modules)) {
    throw noModules('its package definition has no list of them')
  }
  return { path, definitions: definition.modules.map(readModule) }
}

/** A path as people write it: `[["tide", "water"], ["u", "s"]]` is `TideWater.US`. */
export function nameOf(path: Path): string {
  const capitalized = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1)
  return path.map((name) => name.map(capitalized).join('')).join('.')
}

/** Reads `[modulePath, { access, value }]`. */
function readModule(module: unknown, index: number): ModuleDefinition {
  const controlled: unknown = Array.isArray(module) ? module[1] : undefined
  if (isObject(controlled) && isObject(controlled.value)) return controlled.value
  throw noModules(`the entry at index ${index} is not a path and a definition`)
}

function isPath(path: unknown): path is Path {
  const isName = (name: unknown) => Array.isArray(name) && name.every((word) => typeof word === 'string')
  return Array.isArray(path) && path.every(isName)
}

function noModules(why: string): Error {
  return new Error(`the IR has no modules: ${why}`)
}
