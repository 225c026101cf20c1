import { describe, expect, it } from 'vitest'
import type { ExtensionHost } from '@finos/morphir-extension-host'
import { load, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'

/** Calls that run until they are aborted. */
function endless(host: ExtensionHost, id: number, count: number) {
  const controller = new AbortController()
  const { signal } = controller
  const calls = Array.from({ length: count }, () => rejection(host.call(id, 'loop', undefined, { signal })))
  const end = async () => {
    controller.abort()
    return (await Promise.all(calls)).map((error) => error.code)
  }
  return { end }
}

describe('maxQueue', () => {
  it.each([
    ['text', '5'],
    ['null', null],
    ['a list', [5]],
  ])('that is %s is a TypeError', async (_, maxQueue) => {
    expect(await rejection(load(newHost(), 'counter', { maxQueue: maxQueue as unknown as number }))).toBeInstanceOf(
      TypeError,
    )
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32])('of %d is a RangeError', async (maxQueue) => {
    expect(await rejection(load(newHost(), 'counter', { maxQueue }))).toBeInstanceOf(RangeError)
  })

  it('that is missing refuses nothing', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const calls = Array.from({ length: 5000 }, () => host.call(id, 'count'))
    expect((await Promise.all(calls)).at(-1)).toBe(5100)
    expect(host.stats(id).refused).toBe(0)
  })

  it('refuses the call beyond it at once, with QueueFull, and says how many there are', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 2 })
    const { end } = endless(host, id, 3)
    const error = await rejection(host.call(id, 'count'))
    expect(error).toMatchObject({ code: 'QueueFull', extension: 'counter', method: 'count' })
    expect(error.message).toBe(
      'The extension has 3 calls that wait or run. With 1 more they would be more than its instances (1) and `max_queue` ' +
        '(2) allow: send fewer at once, or raise `max_queue`.',
    )
    expect(await rejection(host.callRaw(id, 'count'))).toMatchObject({ code: 'QueueFull' })
    expect(await end()).toEqual(['Cancelled', 'Cancelled', 'Cancelled'])
    // What was refused never ran, and there is room again.
    expect(await host.call(id, 'count')).toBe(101)
    expect(host.stats(id)).toMatchObject({ refused: 2 })
    expect(host.stats(id).errorsByCode.QueueFull).toBe(undefined)
  })

  it('of 0 takes as many calls as there are instances, and lets none wait', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 0, instances: 2 })
    const { end } = endless(host, id, 2)
    expect(await rejection(host.call(id, 'count'))).toMatchObject({ code: 'QueueFull' })
    await end()
    expect(await Promise.all([host.call(id, 'count'), host.call(id, 'count')])).toHaveLength(2)
  })

  it('makes room for each call that is taken back while it waits', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 1 })
    const running = endless(host, id, 1)
    await until(() => host.stats(id).running === 1)
    for (let round = 0; round < 3; round += 1) {
      const waiting = endless(host, id, 1)
      expect(await rejection(host.call(id, 'count'))).toMatchObject({ code: 'QueueFull' })
      await waiting.end()
    }
    await running.end()
  })

  it('counts each extension by itself', async () => {
    const host = newHost()
    const full = await load(host, 'counter', { maxQueue: 0 })
    const other = await load(host, 'counter', { maxQueue: 0 })
    const { end } = endless(host, full, 1)
    expect(await rejection(host.call(full, 'count'))).toMatchObject({ code: 'QueueFull' })
    expect(await host.call(other, 'count')).toBe(101)
    await end()
  })

  it('counts a callMany once for each instance that shares it, however many params it has', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 0, instances: 2 })
    expect(await host.callMany(id, 'count', Array(500).fill(null))).toHaveLength(500)
    expect(await host.callMany(id, 'count', [])).toEqual([])
  })

  it.each([true, false])('refuses a callMany as a whole, so that none of it runs (settled: %s)', async (settled) => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 1, instances: 2 })
    const { end } = endless(host, id, 2)
    await until(() => host.stats(id).running === 2)
    const options = { settled } as { settled: true }
    // Room for one of its two halves.
    expect(await rejection(host.callMany(id, 'count', [1, 2, 3, 4], options))).toMatchObject({ code: 'QueueFull' })
    await end()
    expect(host.stats(id)).toMatchObject({ waiting: 0, running: 0, calls: 2, refused: 1 })
  })

  it('does not concern callSync, which does not stand in line', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 0 })
    expect(host.callSync(id, 'count')).toBe(101)
  })
})
