// The extension that the demo shows; it has a name, not only a language.

import { buildCrate } from './toolchains/rust.mjs'

export { install, missing } from './toolchains/rust.mjs'

export const file = 'rename-package.wasm'

export function build({ directory, live, env }) {
  return buildCrate({ directory, crate: 'rename-package', live, env })
}
