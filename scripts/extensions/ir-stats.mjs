import { buildCrate } from './toolchains/rust.mjs'

export { install, missing } from './toolchains/rust.mjs'

export const file = 'ir-stats.wasm'

export function build({ directory, live, env }) {
  return buildCrate({ directory, crate: 'ir-stats', live, env })
}
