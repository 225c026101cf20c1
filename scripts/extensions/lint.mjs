import { buildCrate } from './toolchains/rust.mjs'

export { install, missing } from './toolchains/rust.mjs'

export const file = 'lint.wasm'

export function build({ directory, live, env }) {
  return buildCrate({ directory, crate: 'lint', live, env })
}
