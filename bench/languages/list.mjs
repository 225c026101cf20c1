// The languages, in the order in which the table has them.

import { join } from 'node:path'
import { extensions } from '../../scripts/lib/places.mjs'

export const languages = [
  { name: 'rust', title: 'Rust' },
  { name: 'go', title: 'Go' },
  { name: 'javascript', title: 'JavaScript' },
  { name: 'typescript', title: 'TypeScript' },
  { name: 'python', title: 'Python' },
  { name: 'c', title: 'C' },
  { name: 'cpp', title: 'C++' },
  { name: 'zig', title: 'Zig' },
  { name: 'assemblyscript', title: 'AssemblyScript' },
]

export function moduleOf(name) {
  return join(extensions, name, 'extension.wasm')
}
