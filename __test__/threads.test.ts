import { readFile } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ExtensionHost } from '@finos/morphir-extension-host'
import { load, newHost } from './support/host.ts'
import { rejection, timed, until } from './support/promise.ts'

describe('a host with threads of its own', () => {
  it.each([0, -1, 1.5, 1025, Number.NaN])('cannot have %d of them', (threads) => {
    expect(() => new ExtensionHost({ threads })).toThrow(RangeError)
  })

  it.each(['2', null, true])('cannot have %j of them', (threads) => {
    expect(() => new ExtensionHost({ threads: threads as never })).toThrow(TypeError)
  })

  it('cannot have maxConcurrentCalls besides', () => {
    expect(() => new ExtensionHost({ threads: 2, maxConcurrentCalls: 2 })).toThrow(TypeError)
  })

  it('answers as any other', async () => {
    const host = newHost({ threads: 2 })
    const id = await load(host, 'counter')
    const calls = Array.from({ length: 100 }, () => host.call(id, 'count'))
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 100 }, (_, index) => 101 + index))
    expect(await host.callMany(id, 'count', [1, 2])).toEqual([201, 202])
    expect(host.callSync(id, 'count')).toBe(203)
    expect(await rejection(host.call(id, 'trap'))).toMatchObject({ code: 'Trap', extension: 'counter', method: 'trap' })
    expect(await rejection(host.call(id, 'loop', undefined, { timeout: 100 }))).toMatchObject({ code: 'Timeout' })
    expect(await rejection(host.call(id, 'loop', undefined, { signal: AbortSignal.timeout(100) }))).toMatchObject({
      code: 'Cancelled',
    })
    expect(await rejection(load(host, 'lifecycle', { config: { do: 'e' } }))).toMatchObject({
      code: 'InitializationFailed',
    })
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('runs as many calls at once as it has threads', async () => {
    const host = newHost({ threads: 5 })
    const id = await load(host, 'counter', { instances: 8 })
    const controller = new AbortController()
    const { signal } = controller
    const calls = Array.from({ length: 20 }, () => rejection(host.call(id, 'loop', undefined, { signal })))
    await until(() => host.stats(id).running === 5)
    expect(host.stats(id)).toMatchObject({ running: 5, waiting: 15 })
    controller.abort()
    for (const error of await Promise.all(calls)) expect(error.code).toBe('Cancelled')
  })

  it("leaves libuv's pool alone: a second host has all of it", async () => {
    const own = newHost({ threads: 3 })
    const other = newHost()
    const [one, two] = [await load(own, 'counter', { instances: 3 }), await load(other, 'counter', { instances: 4 })]
    const controller = new AbortController()
    const { signal } = controller
    const calls = [
      own.call(one, 'loop', 1, { signal }),
      own.call(one, 'loop', 1, { signal }),
      own.call(one, 'loop', 1, { signal }),
    ].map(rejection)
    await until(() => own.stats(one).running === 3)
    const { elapsed } = await timed(Promise.all(Array.from({ length: 8 }, () => readFile(new URL(import.meta.url)))))
    expect(elapsed).toBeLessThan(1000)
    calls.push(...Array.from({ length: 4 }, () => rejection(other.call(two, 'loop', 1, { signal }))))
    await until(() => other.stats(two).running === 3)
    controller.abort()
    await Promise.all(calls)
  })

  it.skipIf(process.platform !== 'linux')(
    'ends them when it is closed (threads can be counted on Linux only)',
    async () => {
      const threads = () => readdirSync('/proc/self/task').length
      const first = newHost({ threads: 1 })
      await load(first, 'counter', { permissions: { maxFuel: 1_000_000 } })
      await first.close()
      await sleep(200)
      // What the engine has started for the whole process stays.
      const before = threads()
      const host = newHost({ threads: 4 })
      const id = await load(host, 'counter', { permissions: { maxFuel: 1_000_000 } })
      await host.call(id, 'count')
      expect(threads()).toBeGreaterThanOrEqual(before + 4)
      await host.close()
      await until(() => threads() <= before)
    },
  )
})
