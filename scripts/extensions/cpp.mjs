import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { extensions } from '../lib/places.mjs'
import { Venv } from './toolchains/python.mjs'
import * as zig from './toolchains/zig.mjs'

/** nlohmann/json, which PyPI has: headers only. */
const library = new Venv('nlohmann-json', join(extensions, 'cpp', 'requirements.txt'))

export async function missing() {
  const compiler = await zig.missing()
  if (compiler !== undefined || library.complete) return compiler
  return { what: 'nlohmann/json, which PyPI has', install: 'npm run build:extensions -- --install' }
}

export async function install(live) {
  if ((await zig.missing()) !== undefined) await zig.install(live)
  if (!library.complete) await library.install(live)
}

export async function build({ directory, module, live }) {
  const sources = readdirSync(join(directory, 'src')).filter((name) => name.endsWith('.cpp'))
  // Relative, so that no path of this machine gets into the module.
  const paths = sources.toSorted().map((name) => join('src', name))
  const headers = await library.fileOf('nlohmann_json', 'include')
  const args = [
    '-std=c++23',
    '-fno-exceptions',
    '-fno-rtti',
    '-Wno-c23-extensions',
    '-isystem',
    headers,
    ...zig.REACTOR,
    ...paths,
  ]
  await zig.zig(['c++', ...args, '-o', module], { cwd: directory, live })
}
