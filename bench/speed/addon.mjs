// How large the addon is, as it lies there and without what only debuggers want.

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/lib/places.mjs'
import { attempt } from '../../scripts/lib/run.mjs'

const MOST = 15_000_000

/** @returns {Promise<{ file: string, bytes: number, stripped?: number, met: boolean }[]>} */
export async function measureAddons() {
  const built = readdirSync(root).filter((name) => name.endsWith('.node'))
  const target = join(root, 'target')
  // What `npm run build` makes, and what is published, where somebody built that.
  const published = (existsSync(target) ? readdirSync(target) : [])
    .map((triple) => join('target', triple, 'dist', 'libmorphir_extension_host_node.so'))
    .filter((file) => existsSync(join(root, file)))
  const addons = []
  for (const file of [...built, ...published]) {
    const bytes = statSync(join(root, file)).size
    const stripped = await strip(join(root, file))
    addons.push({ file, bytes, stripped, met: (stripped ?? bytes) <= MOST })
  }
  return addons
}

async function strip(file) {
  const directory = mkdtempSync(join(tmpdir(), 'morphir-strip-'))
  try {
    const copy = join(directory, 'stripped')
    const { code } = await attempt('strip', ['--strip-all', '-o', copy, file])
    return code === 0 ? statSync(copy).size : undefined
  } finally {
    rmSync(directory, { recursive: true })
  }
}
