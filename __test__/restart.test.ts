import { describe, expect, it } from 'vitest'
import type { Restart } from '@finos/morphir-extension-host'
import { guest } from './support/guest.ts'
import { load, newHost } from './support/host.ts'
import { project } from './support/project.ts'
import { rejection, until } from './support/promise.ts'

let host: ReturnType<typeof newHost>
const counter = (restart?: Restart, more = {}) =>
  load(host, 'counter', { ...(restart !== undefined && { restart }), ...more })
const hosted = (options = {}) => {
  host = newHost(options)
  return host
}
const trap = (id: number) => rejection(host.call(id, 'trap'))

describe('restart', () => {
  it.each<[string, unknown, string]>([
    ['a strategy there is not', 'sometimes', '"sometimes"'],
    ['a number', 5, 'restart'],
    ['null', null, 'restart'],
    ['no strategy', {}, '`strategy`'],
    ['a key there is not', { strategy: 'immediate', retries: 3 }, '`retries`'],
    ['a key of another strategy', { strategy: 'immediate', initialDelay: '1s' }, '`initial_delay`'],
    ['a limit for never', { strategy: 'never', maxRetries: 1 }, '`max_retries`'],
    ['less than no retries', { strategy: 'immediate', maxRetries: -1 }, '`-1`'],
    ['a delay that is none', { strategy: 'exponential', maxDelay: 'soon' }, '"soon" is not a duration'],
    ['no delay', { strategy: 'exponential', initialDelay: 0 }, '`initial_delay`'],
    ['a delay longer than the longest', { strategy: 'exponential', initialDelay: '2s', maxDelay: '1s' }, '`max_delay`'],
    ['a delay of more than a day', { strategy: 'exponential', maxDelay: '2 days' }, '`max_delay`'],
  ])('refuses %s', async (_, restart, words) => {
    hosted()
    const error = await rejection(counter(restart as Restart))
    expect(error).toMatchObject({ code: 'InvalidConfig' })
    expect(error.message).toContain(words)
  })

  it.each<[string, Restart | undefined]>([
    ['by default', undefined],
    ['with immediate', 'immediate'],
    ['with immediate in a table', { strategy: 'immediate' }],
  ])('%s starts an extension anew as often as it takes', async (_, restart) => {
    hosted()
    const id = await counter(restart)
    for (let round = 0; round < 10; round += 1) {
      expect(await trap(id)).toMatchObject({ code: 'Trap' })
    }
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('never leaves an extension dead: every call fails at once, and says why', async () => {
    hosted()
    const id = await counter('never', { instances: 2 })
    expect(await host.call(id, 'count')).toBe(101)
    expect(await rejection(host.call(id, 'fail'))).toMatchObject({ code: 'ExtensionError' })
    expect(await host.call(id, 'count')).toBe(103)
    const first = await trap(id)
    for (const call of [
      () => host.call(id, 'count'),
      () => host.callRaw(id, 'trap'),
      () => host.callMany(id, 'count', [1, 2]),
      async () => host.callSync(id, 'count'),
    ]) {
      const error = await rejection(call())
      expect(error).toMatchObject({ code: 'InitializationFailed', extension: 'counter' })
      expect(error.message).toContain('"never"')
      expect(error.message).toContain(`in \`trap\`: ${first.message}`)
      expect(error.cause).toMatchObject({ message: first.message })
    }
    expect(await host.healthCheck(id)).toMatchObject({
      status: 'unhealthy',
      message: expect.stringContaining('"never"'),
    })
  })

  it('never refuses what waits behind the fault as well', async () => {
    hosted()
    const id = await counter('never')
    const calls = ['count', 'trap', 'count', 'count'].map((method) => host.call(id, method).catch(({ code }) => code))
    expect(await Promise.all(calls)).toEqual([101, 'Trap', 'InitializationFailed', 'InitializationFailed'])
  })

  it('never does not mind what its caller takes back, but a timeout', async () => {
    hosted()
    const id = await counter('never')
    const controller = new AbortController()
    const call = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
    await until(() => host.stats(id).running === 1)
    controller.abort()
    expect(await call).toMatchObject({ code: 'Cancelled' })
    expect(await host.call(id, 'count')).toBe(101)
    expect(await rejection(host.call(id, 'loop', undefined, { timeout: 50 }))).toMatchObject({ code: 'Timeout' })
    const error = await rejection(host.call(id, 'count'))
    expect(error).toMatchObject({ code: 'InitializationFailed' })
    expect(error.message).toContain('in `loop`: The call did not end within its own `timeout`.')
  })

  it('counts faults in a row, and begins anew with each good call', async () => {
    hosted()
    const id = await counter({ strategy: 'immediate', maxRetries: 2 })
    for (let round = 0; round < 3; round += 1) {
      expect(await trap(id)).toMatchObject({ code: 'Trap' })
      expect(await trap(id)).toMatchObject({ code: 'Trap' })
      // An error of its own is an answer.
      if (round === 1) expect(await rejection(host.call(id, 'fail'))).toMatchObject({ code: 'ExtensionError' })
      else expect(await host.call(id, 'count')).toBe(101)
    }
    for (let round = 0; round < 3; round += 1) expect(await trap(id)).toMatchObject({ code: 'Trap' })
    const error = await rejection(host.call(id, 'count'))
    expect(error).toMatchObject({ code: 'InitializationFailed' })
    expect(error.message).toContain('"immediate" has `max_retries` 2, and there were 3 faults in a row')
  })

  it('is forgotten by a reload, also of a dead extension', async () => {
    hosted()
    const id = await counter('never')
    await trap(id)
    await host.reload(id)
    expect(await host.call(id, 'count')).toBe(101)
    await trap(id)
    expect(await rejection(host.call(id, 'count'))).toMatchObject({ code: 'InitializationFailed' })
    expect(await rejection(host.reload(id, { type: 'wasm', bytes: new Uint8Array(8) }))).toMatchObject({
      code: 'InvalidSource',
    })
    expect(await rejection(host.call(id, 'count'))).toMatchObject({ code: 'InitializationFailed' })
  })

  it('is that of every module that is loaded in its place', async () => {
    hosted()
    const id = await counter('never')
    await host.reload(id, { type: 'wasm', bytes: await guest('counter') })
    await trap(id)
    expect(await rejection(host.call(id, 'count'))).toMatchObject({ code: 'InitializationFailed' })
  })
})

describe.each([
  ['on the pool', {}],
  ['on threads of its own', { threads: 2 }],
])('restart, exponential, %s', (_, options) => {
  const exponential = (delay: number, more = {}): Restart => ({ strategy: 'exponential', initialDelay: delay, ...more })

  it('has calls wait for the delay, which doubles with each fault in a row', async () => {
    hosted(options)
    const id = await counter(exponential(60))
    const begin = performance.now()
    await trap(id)
    expect(await trap(id)).toMatchObject({ code: 'Trap' })
    const second = performance.now()
    expect(second - begin).toBeGreaterThan(60)
    expect(await host.call(id, 'count')).toBe(101)
    expect(performance.now() - begin).toBeGreaterThan(60 + 120)
  })

  it('begins with the first delay again after a good call', async () => {
    hosted(options)
    const id = await counter(exponential(1, { maxDelay: '1h' }))
    // Without the good calls the last would wait for half a minute.
    for (let round = 0; round < 15; round += 1) {
      await trap(id)
      expect(await host.call(id, 'count')).toBe(101)
    }
  })

  it('holds no thread for what waits, and other extensions go on', async () => {
    hosted(options)
    const id = await counter(exponential(1500))
    await trap(id)
    const waiting = Array.from({ length: 20 }, () => host.call(id, 'count'))
    const other = await counter()
    await Promise.all(Array.from({ length: 20 }, () => host.call(other, 'count')))
    expect(host.stats(id)).toMatchObject({ waiting: 20, running: 0 })
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }, (_, index) => 101 + index))
  })

  it('lets other instances go on', async () => {
    hosted(options)
    const id = await counter(exponential(5000), { instances: 2 })
    await trap(id)
    expect(await host.call(id, 'count')).toBe(101)
    expect(await host.call(id, 'count')).toBe(102)
  })

  it('has deadlines and aborts reach what waits, and reloads and unloads too', async () => {
    hosted(options)
    const id = await counter(exponential(20_000))
    await trap(id)
    expect(await rejection(host.call(id, 'count', undefined, { timeout: 50 }))).toMatchObject({ code: 'Timeout' })
    expect(await rejection((async () => host.callSync(id, 'count', undefined, { timeout: 50 }))())).toMatchObject({
      code: 'Timeout',
    })
    const controller = new AbortController()
    const aborted = rejection(host.call(id, 'count', undefined, { signal: controller.signal }))
    controller.abort()
    expect(await aborted).toMatchObject({ code: 'Cancelled' })
    await host.reload(id)
    expect(await host.call(id, 'count')).toBe(101)
    await trap(id)
    const call = rejection(host.call(id, 'count'))
    await host.unloadExtension(id, { cancel: true })
    expect(await call).toMatchObject({ code: 'Cancelled' })
  })

  it('waits in callSync as well', async () => {
    hosted(options)
    const id = await counter(exponential(60))
    const begin = performance.now()
    expect(await rejection((async () => host.callSync(id, 'trap'))())).toMatchObject({ code: 'Trap' })
    expect(host.callSync(id, 'count')).toBe(101)
    expect(performance.now() - begin).toBeGreaterThan(60)
  })

  it('refuses what stands behind the fault in the same callMany', async () => {
    hosted(options)
    const id = await counter(exponential(60))
    const settled = await host.callMany(id, 'trap', [1, 2, 3], { settled: true })
    expect(settled.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual([
      'Trap',
      'InitializationFailed',
      'InitializationFailed',
    ])
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('ends with its retries', async () => {
    hosted(options)
    const id = await counter(exponential(10, { maxDelay: '10ms', maxRetries: 1 }))
    expect(await trap(id)).toMatchObject({ code: 'Trap' })
    expect(await trap(id)).toMatchObject({ code: 'Trap' })
    const error = await trap(id)
    expect(error).toMatchObject({ code: 'InitializationFailed' })
    expect(error.message).toContain('"exponential" has `max_retries` 1')
  })
})

describe('restart in configuration files', () => {
  it('is read in both shapes', async () => {
    hosted()
    const table = await project(
      `[extensions.mortal]
       path = "counter.wasm"
       restart = "never"
       [extensions.patient]
       path = "counter.wasm"
       restart = { strategy = "exponential", initial_delay = "60ms", max_delay = "1s", max_retries = 3 }`,
      { 'counter.wasm': 'counter' },
    )
    const list = await project(
      `[[extensions]]
       name = "tried"
       path = "counter.wasm"
       restart = { strategy = "immediate", max_retries = 0 }`,
      { 'counter.wasm': 'counter' },
    )
    const { loaded } = await host.loadConfig(table.file)
    const { loaded: more } = await host.loadConfig(list.file)
    const [mortal, patient, tried] = [...loaded, ...more].map(({ id }) => id) as [number, number, number]
    const begin = performance.now()
    for (const id of [patient, mortal, tried]) await trap(id)
    expect((await trap(mortal)).message).toContain('"never"')
    expect(await host.call(patient, 'count')).toBe(101)
    expect(performance.now() - begin).toBeGreaterThan(60)
    expect((await trap(tried)).message).toContain('`max_retries` 0')
  })
})
