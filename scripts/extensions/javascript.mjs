import { join } from 'node:path'
import { buildEngine } from './toolchains/quickjs.mjs'

export { install, missing } from './toolchains/quickjs.mjs'

export function build({ directory, live }) {
  const interfaceFile = join(directory, 'extension.d.ts')
  return buildEngine({ script: join(directory, 'extension.js'), interface: interfaceFile, live })
}
