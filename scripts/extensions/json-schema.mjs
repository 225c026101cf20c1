import { buildCrate } from './toolchains/rust.mjs'

export { install, missing } from './toolchains/rust.mjs'

export const file = 'json-schema.wasm'

export function build({ directory, live, env }) {
  return buildCrate({ directory, crate: 'json-schema', live, env })
}
