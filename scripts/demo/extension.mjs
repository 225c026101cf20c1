import { join } from 'node:path'
import { renamePackage } from '../lib/places.mjs'

export const EXTENSION = {
  name: 'rename-package',
  source: { type: 'wasm', path: join(renamePackage, 'rename-package.wasm') },
  // Room for an IR of 100 MB, and time for it on a slow machine.
  permissions: { maxMemory: '2GiB', maxOutput: '1GiB', maxExecutionTime: '60s' },
}
