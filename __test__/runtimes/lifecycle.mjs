import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ExtensionHost } from '@finos/morphir-extension-host'
import { cacheDir, guestFile, place, withGuest } from './guest.mjs'

export const cases = {
  'unloads, and closes': () =>
    withGuest('counter', async (host, id) => {
      await host.unloadExtension(id)
      await host.unloadExtension(id)
      await assert.rejects(host.call(id, 'count'), { code: 'NotFound' })
      await host[Symbol.asyncDispose]()
      await assert.rejects(host.call(id, 'count'), { code: 'Closed' })
    }),

  'reloads under the same id': () =>
    withGuest('counter', async (host, id) => {
      await host.call(id, 'count')
      await host.reload(id)
      assert.equal(await host.call(id, 'count'), 101)
      assert.equal(host.stats(id).generation, 2)
    }),

  'tells events and passes logs on': async () => {
    const heard = []
    const logs = []
    await withGuest(
      'logger',
      async (host, id) => {
        for (const name of ['extension.call.completed', 'extension.unloaded']) host.on(name, () => heard.push(name))
        await host.callRaw(id, 'every_level', '')
        await host.unloadExtension(id)
      },
      { host: { onLog: ({ level }) => logs.push(level), logLevel: 'trace' } },
    )
    assert.deepEqual(heard, ['extension.call.completed', 'extension.unloaded'])
    assert.ok(logs.includes('info') && logs.includes('error'), `It logged ${logs}.`)
  },

  'has figures, and says how an extension is': () =>
    withGuest('counter', async (host, id) => {
      await host.call(id, 'count')
      assert.equal(host.stats(id).calls, 1)
      assert.match(host.metrics(), /morphir_extension_calls_total\{extension="counter".*\} 1/)
      assert.deepEqual(await host.healthCheck(id), { status: 'healthy' })
      assert.deepEqual(
        host.capabilities(id).map(({ name }) => name),
        ['count'],
      )
    }),

  'loads what a configuration file lists': async () => {
    const file = join(place, 'morphir.toml')
    const path = JSON.stringify(guestFile('counter'))
    writeFileSync(file, `[[extensions]]\nname = "counter"\nsource = { type = "wasm", path = ${path} }\n`)
    const { host, loaded, failed } = await ExtensionHost.fromConfig(file, { cacheDir })
    try {
      assert.deepEqual([loaded.length, failed.length], [1, 0])
      assert.equal(await host.call(loaded[0].id, 'count'), 101)
    } finally {
      await host.close()
    }
  },
}
