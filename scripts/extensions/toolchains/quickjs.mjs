// The engine in examples/engines/quickjs: a crate that carries a script, and whose C part Zig compiles.

import { join } from 'node:path'
import { root } from '../../lib/places.mjs'
import * as rust from './rust.mjs'
import * as zig from './zig.mjs'

const engine = join(root, 'examples', 'engines', 'quickjs')

export async function missing() {
  return (await rust.missing()) ?? (await zig.missing())
}

export async function install(live) {
  for (const toolchain of [rust, zig]) {
    if ((await toolchain.missing()) !== undefined) await toolchain.install(live)
  }
}

/** The engine with this script, and an export for each function that the interface declares. */
export function buildEngine({ script, interface: declarations, live }) {
  const moved = rust.remapped(engine).map(([from, to]) => `-ffile-prefix-map=${from}=${to}`)
  return rust.buildCrate({
    directory: engine,
    crate: 'quickjs-engine',
    live,
    env: {
      EXTENSION_SCRIPT: script,
      EXTENSION_INTERFACE: declarations,
      ...zig.cache,
      CC_wasm32_unknown_unknown: [...zig.command, 'cc'].join(' '),
      AR_wasm32_unknown_unknown: [...zig.command, 'ar'].join(' '),
      // The flags that it would add are clang's; Zig names its targets differently.
      CRATE_CC_NO_DEFAULTS: '1',
      CFLAGS_wasm32_unknown_unknown: ['-target', 'wasm32-freestanding', '-Os', '-fno-sanitize=all', ...moved].join(' '),
    },
  })
}
