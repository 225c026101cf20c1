import { buildCrate } from './toolchains/rust.mjs'

export { install, missing } from './toolchains/rust.mjs'

export function build({ directory, live, env }) {
  return buildCrate({ directory, crate: 'host-functions', live, env })
}
