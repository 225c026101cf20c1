import { buildLibrary } from './toolchains/go.mjs'

export { install, missing } from './toolchains/go.mjs'

export function build({ directory, module, live }) {
  return buildLibrary({ directory, module, live })
}
