import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { REACTOR, zig } from './toolchains/zig.mjs'

export { install, missing } from './toolchains/zig.mjs'

export async function build({ directory, module, live }) {
  const sources = readdirSync(join(directory, 'src')).filter((name) => name.endsWith('.c'))
  // Relative, so that no path of this machine gets into the module.
  const paths = sources.toSorted().map((name) => join('src', name))
  await zig(['cc', '-std=c23', ...REACTOR, ...paths, '-o', module], { cwd: directory, live })
}
