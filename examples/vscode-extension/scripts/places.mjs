import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../../scripts/lib/places.mjs'

export const example = dirname(dirname(fileURLToPath(import.meta.url)))
/** What is built and can go: the bundle is in `dist`, everything else here. */
export const build = join(example, 'build')
export const dist = join(example, 'dist')
/** The editor and what drives it, outside of the example because it is large. */
export const tools = join(root, '.toolchains', 'vscode')
export const images = join(root, 'docs', 'images')
