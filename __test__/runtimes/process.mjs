import { writeSync } from 'node:fs'
import { ExtensionHost } from '@finos/morphir-extension-host'
import { cacheDir, guestFile } from './guest.mjs'

const what = process.argv[2]
const host = new ExtensionHost({ cacheDir, ...(what === 'exit-threads' && { threads: 2 }) })
const source = { type: 'wasm', path: guestFile('counter') }
const permissions = { maxExecutionTime: '45s' }
const id = await host.loadExtension({ name: 'counter', source, permissions, instances: 3 })

const exit = () => {
  writeSync(1, 'exit\n')
  process.exit(0)
}

const fail = () => {
  writeSync(1, 'throw\n')
  throw new Error('Nobody catches this.')
}

if (what === 'idle') {
  writeSync(1, `${await host.call(id, 'count')}\n`)
} else if (what === 'unawaited') {
  // Nothing waits for it but the process itself.
  host.call(id, 'count').then((count) => writeSync(1, `${count}\n`))
} else if (what === 'exit-log') {
  const logger = { type: 'wasm', path: guestFile('logger') }
  const other = new ExtensionHost({ cacheDir, onLog: exit })
  await other.callRaw(await other.loadExtension({ name: 'logger', source: logger }), 'every_level', '')
} else if (what === 'exit-function') {
  const path = guestFile('functions')
  const nothing = () => null
  const functions = {
    'extism:host/user': { change: nothing, join: nothing, note: nothing, now: exit },
    other: { nudge: nothing },
  }
  const caller = await host.loadExtension({
    name: 'functions',
    source: { type: 'wasm', path },
    lifecycle: 'none',
    functions,
  })
  await host.callRaw(caller, 'now', '')
} else {
  for (let index = 0; index < 10; index += 1) host.call(id, 'loop').catch(() => {})
  setTimeout(what === 'throw' ? fail : exit, 200)
}
