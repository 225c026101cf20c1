import { writeSync } from 'node:fs'
import { ExtensionHost } from '@finos/morphir-extension-host'
import { cacheDir, guestFile } from './guest.mjs'

const what = process.argv[2]
const host = new ExtensionHost({ cacheDir, ...(what === 'exit-threads' && { threads: 2 }) })
const source = { type: 'wasm', path: guestFile('counter') }
const permissions = { maxExecutionTime: '45s' }
const id = await host.loadExtension({ name: 'counter', source, permissions, instances: 3 })

if (what === 'idle') {
  writeSync(1, `${await host.call(id, 'count')}\n`)
} else {
  for (let index = 0; index < 10; index += 1) host.call(id, 'loop').catch(() => {})
  setTimeout(() => {
    writeSync(1, 'exit\n')
    process.exit(0)
  }, 200)
}
