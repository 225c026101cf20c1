import { describe, expect, it } from 'vitest'
import { ExtensionError } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { load, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'
import { WRONG_IDS } from './support/wrong.ts'

describe('stats()', () => {
  it.each(WRONG_IDS)('throws a TypeError for %s in place of the id', (_, id) => {
    expect(() => newHost().stats(id as number)).toThrow(TypeError)
  })

  it('throws NotFound for an id that is not loaded, and Closed after close', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(caught(() => host.stats(99))).toBeInstanceOf(ExtensionError)
    expect(caught(() => host.stats(99))).toMatchObject({ code: 'NotFound' })
    await host.unloadExtension(id)
    expect(caught(() => host.stats(id))).toMatchObject({ code: 'NotFound' })
    await host.close()
    expect(caught(() => host.stats(id))).toMatchObject({ code: 'Closed' })
  })

  it('begins with nothing done', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { instances: 2 })
    expect(host.stats(id)).toEqual({
      dialect: 'morphir',
      calls: 0,
      errors: 0,
      errorsByCode: {},
      refused: 0,
      waiting: 0,
      running: 0,
      instances: 2,
      generation: 1,
      // What it had when its start was over.
      peakMemory: expect.any(Number),
      uptime: expect.any(Number),
    })
  })

  it('counts what ended, and errors by their code', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    await host.call(id, 'count')
    await host.callMany(id, 'count', [1, 2])
    for (const method of ['fail', 'fail', 'trap', 'hoard']) await rejection(host.call(id, method))
    await rejection(host.call(id, 'loop', undefined, { timeout: 50 }))
    expect(host.stats(id)).toMatchObject({
      calls: 8,
      errors: 5,
      errorsByCode: { ExtensionError: 2, Trap: 1, MemoryLimit: 1, Timeout: 1 },
      generation: 4,
    })
  })

  it('does not count what was refused', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    await rejection(host.call(id, 'nothing of the kind'))
    await rejection(host.call(id, 'count', 1n))
    expect(host.stats(id)).toMatchObject({ calls: 0, errors: 0, errorsByCode: {} })
  })

  it('shows what runs and what waits', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { instances: 2 })
    const controller = new AbortController()
    const calls = Array.from({ length: 7 }, () =>
      rejection(host.call(id, 'loop', undefined, { signal: controller.signal })),
    )
    await until(() => host.stats(id).running === 2)
    expect(host.stats(id)).toMatchObject({ waiting: 5, running: 2, instances: 2, calls: 0 })
    controller.abort()
    await Promise.all(calls)
    expect(host.stats(id)).toMatchObject({ waiting: 0, running: 0 })
  })

  it('tells how long the extension has been loaded', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const before = host.stats(id).uptime
    await host.call(id, 'spin', 50)
    expect(host.stats(id).uptime - before).toBeGreaterThanOrEqual(49)
    expect(host.list()[0]!.uptime).toBeGreaterThanOrEqual(host.stats(id).uptime - 1000)
  })

  it('tells how long calls waited and ran, for each of many params by itself', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    await host.callMany(id, 'spin', [1, 1, 40])
    const { runTime, queueTime } = host.stats(id)
    // Off by a sixteenth at most.
    expect(runTime!.p50).toBeGreaterThanOrEqual(0.93)
    expect(runTime!.p99).toBeGreaterThanOrEqual(37)
    expect(runTime!.max).toBeGreaterThanOrEqual(40)
    expect(runTime!.p50).toBeLessThanOrEqual(runTime!.p99)
    expect(runTime!.p99).toBeLessThanOrEqual(runTime!.max)
    expect(queueTime!.max).toBeGreaterThan(0)
    await Promise.all([host.call(id, 'spin', 50), host.call(id, 'spin', 1)])
    expect(host.stats(id).queueTime!.max).toBeGreaterThanOrEqual(40)
  })

  it('counts the time of calls that failed', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    await rejection(host.call(id, 'loop', undefined, { timeout: 60 }))
    expect(host.stats(id).runTime!.max).toBeGreaterThan(20)
  })

  it('tells the most memory that there was, with what carries input and output', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions: { maxMemory: '4MiB' } })
    const before = host.stats(id).peakMemory!
    expect(before).toBeGreaterThan(65_536)
    const pages = await host.call<number>(id, 'grow')
    const grown = host.stats(id).peakMemory!
    expect(grown).toBeGreaterThanOrEqual(pages * 65_536)
    expect(grown).toBeLessThanOrEqual(4 * 1024 * 1024)
    const echo = await load(host, 'echo')
    const small = host.stats(echo).peakMemory!
    await host.callRaw(echo, 'echo', 'x'.repeat(2_000_000))
    expect(host.stats(echo).peakMemory! - small).toBeGreaterThan(1_900_000)
  })

  it('has fuel only where it is counted', async () => {
    const host = newHost()
    const counted = await load(host, 'counter', { permissions: { maxFuel: 1_000_000_000 } })
    await host.call(counted, 'count')
    expect(host.stats(counted).fuel).toBeGreaterThan(0)
    const free = await load(host, 'counter')
    await host.call(free, 'count')
    expect(host.stats(free).fuel).toBe(undefined)
  })
})
