import { zig } from './toolchains/zig.mjs'

export { install, missing } from './toolchains/zig.mjs'

/**
 * What `zig build` does with build.zig, and to the same bytes; but it would first compile the programme that build.zig is, which takes a
 * minute or two.
 */
export async function build({ directory, module, live }) {
  const options = [
    '-target',
    'wasm32-freestanding',
    '-fno-entry',
    '-rdynamic',
    '-OReleaseSmall',
    '-fstrip',
    '--stack',
    '65536',
  ]
  const modules = ['--dep', 'extism-pdk', '-Mroot=src/extension.zig', '-Mextism-pdk=glue/extism-pdk.zig']
  await zig(['build-exe', ...options, ...modules, `-femit-bin=${module}`], { cwd: directory, live })
}
