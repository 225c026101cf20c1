import assert from 'node:assert/strict'
import { ExtensionError } from '@finos/morphir-extension-host'
import { withGuest, withHost } from './guest.mjs'

const code = (wanted) => (error) => {
  assert.ok(error instanceof ExtensionError, `It was ${error}.`)
  assert.equal(error.code, wanted)
  return true
}

export const cases = {
  'survives what a guest does wrong, and starts it anew': () =>
    withGuest('counter', async (host, id) => {
      for (const method of ['trap', 'divide', 'out_of_bounds', 'overflow']) {
        assert.equal(await host.call(id, 'count'), 101)
        await assert.rejects(host.call(id, method), code('Trap'))
      }
      assert.equal(await host.call(id, 'count'), 101)
    }),

  'survives the same on its own thread': () =>
    withGuest('counter', async (host, id) => {
      for (const method of ['trap', 'overflow']) assert.throws(() => host.callSync(id, method), code('Trap'))
      assert.equal(host.callSync(id, 'count'), 101)
    }),

  'passes on what a guest refuses, and keeps its state': () =>
    withGuest('counter', async (host, id) => {
      await assert.rejects(host.call(id, 'fail'), (error) => {
        assert.match(error.message, /The counter does not like this\./)
        return code('ExtensionError')(error)
      })
      assert.equal(await host.call(id, 'count'), 102)
    }),

  'interrupts a guest at its deadline': () =>
    withGuest(
      'counter',
      async (host, id) => {
        await assert.rejects(host.call(id, 'loop'), code('Timeout'))
        assert.throws(() => host.callSync(id, 'loop'), code('Timeout'))
        assert.equal(await host.call(id, 'count'), 101)
      },
      { permissions: { maxExecutionTime: '200ms' } },
    ),

  'lets no guest sleep': () =>
    withGuest(
      'sleep',
      async (host, id) => {
        const started = performance.now()
        await Promise.allSettled([host.call(id, 'attack')])
        const took = performance.now() - started
        assert.ok(took < 2500, `It slept for ${took} ms.`)
      },
      { lifecycle: 'none' },
    ),

  'takes a call back': () =>
    withGuest('counter', async (host, id) => {
      const abort = new AbortController()
      const calls = [0, 1].map(() => host.call(id, 'loop', undefined, { signal: abort.signal }))
      setTimeout(() => abort.abort(new Error('enough')), 50)
      for (const { reason } of await Promise.allSettled(calls)) {
        code('Cancelled')(reason)
        assert.equal(reason.cause.message, 'enough')
      }
      assert.equal(await host.call(id, 'count'), 101)
    }),

  'keeps a guest to its memory': () =>
    withGuest('counter', (host, id) => assert.rejects(host.call(id, 'hoard'), code('MemoryLimit')), {
      permissions: { maxMemory: '4MB' },
    }),

  'names what is not there': () =>
    withGuest('counter', async (host, id) => {
      await assert.rejects(host.call(id + 1000, 'count'), code('NotFound'))
      await assert.rejects(host.call(id, 'nothing_of_this_name'), code('MethodNotFound'))
      const source = { type: 'wasm', path: 'nowhere.wasm' }
      await assert.rejects(host.loadExtension({ name: 'none', source }), code('IoError'))
      const bytes = Uint8Array.of(1, 2, 3)
      await assert.rejects(host.loadExtension({ name: 'none', source: { type: 'wasm', bytes } }), code('InvalidSource'))
    }),

  'refuses arguments of the wrong type': () =>
    withHost(async (host) => {
      await assert.rejects(host.call('1', 'count'), TypeError)
      await assert.rejects(host.loadExtension(), TypeError)
    }),
}
