import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { ExtensionError } from '@finos/morphir-extension-host'
import { guest } from './support/guest.ts'
import { load, newHost } from './support/host.ts'
import { rejection, timed, until } from './support/promise.ts'

const reason = new Error('the user lost interest')
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe('a signal', () => {
  it('that is aborted already rejects at once: nothing starts', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const signal = AbortSignal.abort(reason)
    for (const call of [
      () => host.call(id, 'count', undefined, { signal }),
      () => host.callRaw(id, 'count', '', { signal }),
      () => host.callMany(id, 'count', [1, 2], { signal }),
    ]) {
      const error = await rejection(call())
      expect(error).toBeInstanceOf(ExtensionError)
      expect(error).toMatchObject({ code: 'Cancelled', extension: 'counter', method: 'count' })
      expect(error.cause).toBe(reason)
    }
    expect(await host.call(id, 'count')).toBe(101)
    expect(listeners(signal)).toBe(0)
  })

  it('rejects a waiting call at once, and it never starts', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const running = host.call(id, 'spin', 300)
    await until(() => host.stats(id).running === 1)
    const controller = new AbortController()
    const waiting = rejection(host.call(id, 'spin', 60_000, { signal: controller.signal }))
    expect(host.stats(id).waiting).toBe(1)
    controller.abort(reason)
    expect(host.stats(id)).toMatchObject({ waiting: 0, running: 1 })
    const error = await waiting
    expect(error).toMatchObject({ code: 'Cancelled', extension: 'clock', method: 'spin' })
    expect(error.cause).toBe(reason)
    expect(host.stats(id).running, 'the other call still runs').toBe(1)
    expect(await running).toHaveLength(2)
    expect(host.stats(id)).toMatchObject({ calls: 1, errors: 0 })
  })

  it('ends a running call soon', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const controller = new AbortController()
    const running = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
    await until(() => host.stats(id).running === 1)
    controller.abort(reason)
    const { value: error, elapsed } = await timed(running)
    expect(error).toMatchObject({ code: 'Cancelled', extension: 'counter', method: 'loop' })
    expect(error.cause).toBe(reason)
    expect(elapsed).toBeLessThan(1000)
    expect(host.stats(id)).toMatchObject({ calls: 1, errorsByCode: { Cancelled: 1 } })
  })

  it('ends a call that has just been made, whether it has started or not', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    for (let round = 0; round < 50; round += 1) {
      const controller = new AbortController()
      const call = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
      if (round % 2 === 1) await new Promise((resolve) => setImmediate(resolve))
      controller.abort()
      expect(await call).toMatchObject({ code: 'Cancelled' })
    }
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('has its default reason as cause where none was given', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const controller = new AbortController()
    const call = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
    controller.abort()
    const error = await call
    expect(error.cause).toBe(controller.signal.reason)
    expect(error.cause).toMatchObject({ name: 'AbortError' })
  })

  it.each([['text'], [null], [0], [{ any: 'thing' }]])('may have any reason, such as %j', async (reason) => {
    const host = newHost()
    const id = await load(host, 'counter')
    const controller = new AbortController()
    const call = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
    controller.abort(reason)
    expect((await call).cause).toBe(reason)
    expect((await rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))).cause).toBe(reason)
  })

  it('rejects a load at once, waiting or running', async () => {
    const host = newHost({ maxConcurrentCalls: 1 })
    const controller = new AbortController()
    const bytes = await guest('lifecycle')
    const config = { name: 'slow', source: { type: 'wasm', bytes }, config: { do: 'l' } } as const
    const loads = [0, 1, 2].map(() => rejection(host.loadExtension(config, { signal: controller.signal })))
    await sleep(100)
    controller.abort(reason)
    const { value: errors, elapsed } = await timed(Promise.all(loads))
    expect(elapsed).toBeLessThan(1000)
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'Cancelled', extension: 'slow' })
      expect(error.cause).toBe(reason)
    }
    expect(await rejection(host.loadExtension(config, { signal: controller.signal }))).toMatchObject({
      code: 'Cancelled',
      cause: reason,
    })
    expect(host.list()).toEqual([])
    // The thread that had it is free again.
    expect(await host.call(await load(host, 'echo'), 'echo', 1)).toBe(1)
  })

  it('that aborts afterwards changes nothing', async () => {
    const host = newHost()
    const controller = new AbortController()
    const id = await host.loadExtension(
      { name: 'counter', source: { type: 'wasm', bytes: await guest('counter') } },
      { signal: controller.signal },
    )
    const call = host.call(id, 'count', undefined, { signal: controller.signal })
    expect(await call).toBe(101)
    controller.abort()
    expect(await call).toBe(101)
    expect(await host.call(id, 'count')).toBe(102)
  })

  it('can be that of many calls, and ends them all', async () => {
    const host = newHost()
    const ids = await Promise.all([load(host, 'counter', { instances: 2 }), load(host, 'counter')])
    const controller = new AbortController()
    const calls = Array.from({ length: 100 }, (_, index) =>
      rejection(host.call(ids[index % 2]!, 'loop', undefined, { signal: controller.signal })),
    )
    expect(listeners(controller.signal)).toBe(1)
    await until(() => ids.reduce((sum, id) => sum + host.stats(id).running, 0) === 3)
    controller.abort(reason)
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: 'Cancelled', method: 'loop' })
      expect(error.cause).toBe(reason)
    }
    expect(listeners(controller.signal)).toBe(0)
    for (const id of ids) expect(await host.call(id, 'count')).toBe(101)
  })

  it('makes no warning with many calls', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error) => warnings.push(warning)
    process.on('warning', warned)
    const host = newHost()
    const id = await load(host, 'counter')
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 200 }, () => host.call(id, 'count', undefined, { signal })))
    await sleep(10)
    process.off('warning', warned)
    expect(warnings).toEqual([])
  })

  it.each([
    ['answers', 'count'],
    ['answers an error', 'fail'],
    ['breaks', 'trap'],
  ])('keeps no listener when the call %s', async (_, method) => {
    const host = newHost()
    const id = await load(host, 'counter')
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    const call = host.call(id, method, undefined, { signal }).catch(() => {})
    expect(listeners(signal)).toBe(1)
    await call
    expect(listeners(signal)).toBe(0)
    expect(removed).toHaveBeenCalledOnce()
  })

  it('gets no listener from a call that is refused', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const { signal } = new AbortController()
    await rejection(host.call(id, 'no such method', undefined, { signal }))
    await rejection(host.call(99, 'count', undefined, { signal }))
    await rejection(host.call(id, 'count', 1n, { signal }))
    await rejection(host.loadExtension({ name: 'x', source: { type: 'wasm' } as never }, { signal }))
    expect(listeners(signal)).toBe(0)
  })

  it("leaves the application's own onabort alone", async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const controller = new AbortController()
    const mine = vi.fn<() => void>()
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- this is what it is about
    controller.signal.onabort = mine
    const call = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
    controller.abort()
    await call
    expect(mine).toHaveBeenCalledOnce()
  })

  it('made of several, or of a time, works as well', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const signal = AbortSignal.any([AbortSignal.timeout(50), new AbortController().signal])
    const error = await rejection(host.call(id, 'loop', undefined, { signal }))
    expect(error).toMatchObject({ code: 'Cancelled', cause: { name: 'TimeoutError' } })
  })
})

describe('a timeout', () => {
  it('ends a running call then, not earlier', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const { value: error, elapsed } = await timed(rejection(host.call(id, 'loop', undefined, { timeout: 150 })))
    expect(error).toMatchObject({ code: 'Timeout', extension: 'counter', method: 'loop' })
    expect(error.cause).toBe(undefined)
    expect(elapsed).toBeGreaterThan(145)
    expect(elapsed).toBeLessThan(3000)
  })

  it('counts while the call waits: it then never starts', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const running = host.call(id, 'spin', 800)
    const { value: error, elapsed } = await timed(rejection(host.call(id, 'spin', 1, { timeout: 100 })))
    expect(error).toMatchObject({ code: 'Timeout', extension: 'clock', method: 'spin' })
    expect(error.message).toContain('before it started')
    expect(elapsed).toBeGreaterThan(95)
    expect(host.stats(id)).toMatchObject({ running: 1, waiting: 0 })
    expect(await running).toHaveLength(2)
    expect(host.stats(id)).toMatchObject({ calls: 1, errors: 0, generation: 1 })
  })

  it('counts waiting and running together', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const first = host.call(id, 'spin', 300)
    const { value: error, elapsed } = await timed(rejection(host.call(id, 'spin', 60_000, { timeout: 500 })))
    expect(error.code).toBe('Timeout')
    expect(elapsed).toBeGreaterThan(495)
    expect(elapsed).toBeLessThan(5000)
    expect(await first).toHaveLength(2)
  })

  it("does not lengthen the extension's own time", async () => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions: { maxExecutionTime: 100 } })
    const { value: error, elapsed } = await timed(rejection(host.call(id, 'loop', undefined, { timeout: 60_000 })))
    expect(error.code).toBe('Timeout')
    expect(elapsed).toBeLessThan(10_000)
  })

  it('that is over in a moment still answers in order', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const error = await rejection(host.call(id, 'loop', undefined, { timeout: 0.001 }))
    expect(error.code).toBe('Timeout')
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('keeps no timer when the call is done: a process ends long before it', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    await Promise.all(Array.from({ length: 20 }, () => host.call(id, 'echo', 1, { timeout: 60_000 })))
    expect(timers()).toBeLessThanOrEqual(before)
  })
})
