import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import * as imported from '@finos/morphir-extension-host'
import { withGuest } from './guest.mjs'

const TEXT = 'zwölf Boxkämpfer 🥊 “quoted” \\ \u2028 end'

export const cases = {
  'gives import and require the same classes': async () => {
    const required = createRequire(import.meta.url)('@finos/morphir-extension-host')
    assert.equal(imported.ExtensionHost, required.ExtensionHost)
    assert.equal(imported.ExtensionError, required.ExtensionError)
    assert.equal(imported.default, required)
  },

  'answers calls as JSON': () =>
    withGuest('echo', async (host, id) => {
      const value = { text: TEXT, list: [1, 2.5, -3e300, null, true], nested: { deep: [[[[]]]] } }
      assert.deepEqual(await host.call(id, 'echo', value), value)
      assert.equal((await host.callRaw(id, 'nothing', '')).length, 0)
    }),

  'carries megabytes, and text of every width': () =>
    withGuest('echo', async (host, id) => {
      for (const text of ['a'.repeat(4_000_000), 'ß'.repeat(1_000_000), '🥊'.repeat(500_000)]) {
        assert.equal(await host.call(id, 'echo', text), text)
      }
    }),

  'answers bytes as they are': () =>
    withGuest('echo', async (host, id) => {
      const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256)
      const answer = await host.callRaw(id, 'echo', bytes)
      assert.ok(answer instanceof Uint8Array)
      assert.deepEqual(answer, bytes)
      // Its own memory, which can be written to and transferred.
      answer[0] = 7
      assert.equal(structuredClone(answer, { transfer: [answer.buffer] }).length, 100_000)
    }),

  'answers many calls in one trip': () =>
    withGuest('counter', async (host, id) => {
      const answers = await host.callMany(id, 'count', Array.from({ length: 500 }))
      assert.deepEqual(
        answers,
        Array.from({ length: 500 }, (_, index) => 101 + index),
      )
    }),

  'keeps hundreds of calls in flight, in their order': () =>
    withGuest('counter', async (host, id) => {
      const answers = await Promise.all(Array.from({ length: 300 }, () => host.call(id, 'count')))
      assert.deepEqual(
        answers,
        Array.from({ length: 300 }, (_, index) => 101 + index),
      )
    }),

  'calls on its own thread': () =>
    withGuest('counter', async (host, id) => {
      assert.equal(host.callSync(id, 'count'), 101)
      assert.equal(await host.call(id, 'count'), 102)
    }),

  'goes on with its event loop while guests run': () =>
    withGuest(
      'clock',
      async (host, id) => {
        let ticks = 0
        const timer = setInterval(() => (ticks += 1), 10)
        await Promise.all([host.call(id, 'spin', 400), host.call(id, 'spin', 400)])
        clearInterval(timer)
        assert.ok(ticks >= 5, `The timer ticked ${ticks} times in 400 ms.`)
      },
      { instances: 2 },
    ),

  'runs the instances of an extension side by side': () =>
    withGuest(
      'clock',
      async (host, id) => {
        const [one, other] = await Promise.all([host.call(id, 'spin', 400), host.call(id, 'spin', 400)])
        assert.ok(one[0] < other[1] && other[0] < one[1], `They ran at ${one} and at ${other}.`)
      },
      { instances: 2 },
    ),
}
