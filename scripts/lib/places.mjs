import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const extensions = join(root, 'examples', 'extensions')
export const renamePackage = join(extensions, 'rename-package')
export const model = join(root, 'examples', 'model')
export const modelIr = join(model, 'morphir-ir.json')
/** Where examples in Rust are compiled to be checked and tested: what they depend on is the same for most. */
export const examplesTarget = join(root, 'target', 'examples')
