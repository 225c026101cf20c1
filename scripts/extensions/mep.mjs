// On Morphir's own SDK, where the other one in Rust is on Extism's kit.

import { buildCrate } from './toolchains/rust.mjs'

export { install, missing } from './toolchains/rust.mjs'

export function build({ directory, live, env }) {
  // The SDK asks for a later Rust than the pinned one, and needs nothing of it.
  return buildCrate({ directory, crate: 'document-modules-mep', live, env, options: ['--ignore-rust-version'] })
}
