import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { ExtensionHost } from '@finos/morphir-extension-host'
import { load, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'

/** Everything that loses an instance's state: each makes one call of `counter` and answers its error. */
const faults: [string, string, (host: ExtensionHost, id: number) => Promise<unknown>][] = [
  ['a trap', 'Trap', (host, id) => host.call(id, 'trap')],
  ['a trap after an error text', 'Trap', (host, id) => host.call(id, 'fail_and_trap')],
  ['a stack overflow', 'Trap', (host, id) => host.call(id, 'overflow')],
  ['a timeout', 'Timeout', (host, id) => host.call(id, 'loop')],
  ['a cancel', 'Cancelled', (host, id) => host.call(id, 'loop', undefined, { signal: AbortSignal.timeout(300) })],
  ['too much memory', 'MemoryLimit', (host, id) => host.call(id, 'hoard')],
  ['too much fuel', 'FuelExhausted', (host, id) => host.call(id, 'loop')],
]

describe.each(faults)('after %s', (_, code, fail) => {
  const permissions = {
    maxMemory: '4MiB',
    // Of the guest's own running time: the option `timeout` also counts what a busy machine needs to start the call.
    ...(code === 'Timeout' && { maxExecutionTime: 300 }),
    ...(code === 'FuelExhausted' && { maxFuel: 1_000_000 }),
  }

  it('the instance is built and initialized again before its next call', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions })
    expect(await host.call(id, 'count')).toBe(101)
    expect(host.stats(id).generation).toBe(1)
    expect(await rejection(fail(host, id))).toMatchObject({ code, extension: 'counter' })
    expect(host.stats(id).generation).toBe(2)
    // Not 102, which would be the old state, nor 901, which the broken call left behind, nor 1, which was never initialized.
    expect(await host.call(id, 'count')).toBe(101)
    expect(await host.call(id, 'initialized')).toBe(1)
    expect(await host.call(id, 'count')).toBe(102)
    expect(host.stats(id)).toMatchObject({ generation: 2, errors: 1, errorsByCode: { [code]: 1 } })
  })

  it('calls that waited behind it get the new instance', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions })
    const before = host.call(id, 'count')
    const error = rejection(fail(host, id))
    const behind = [host.call(id, 'count'), host.call(id, 'count')]
    expect(await before).toBe(101)
    expect(await error).toMatchObject({ code })
    expect(await Promise.all(behind)).toEqual([101, 102])
  })

  it('again and again, the extension recovers each time', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions })
    for (let round = 1; round <= 5; round += 1) {
      await rejection(fail(host, id))
      expect(await host.call(id, 'count')).toBe(101)
      expect(host.stats(id).generation).toBe(1 + round)
    }
  })
})

describe('an error that the extension answers', () => {
  it.each(['fail', 'code'])('keeps its state (%s)', async (method) => {
    const host = newHost()
    const id = await load(host, 'counter')
    expect(await host.call(id, 'count')).toBe(101)
    expect(await rejection(host.call(id, method))).toMatchObject({ code: 'ExtensionError' })
    expect(await host.call(id, 'count')).toBe(method === 'fail' ? 103 : 102)
    expect(host.stats(id)).toMatchObject({ generation: 1, errors: 1 })
  })

  it('does not stick to the next call', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    for (let round = 0; round < 3; round += 1) {
      await rejection(host.call(id, 'fail'))
      expect(await host.call(id, 'count')).toBe(102 + 2 * round)
    }
  })
})

describe('a call that is refused before it starts', () => {
  it('keeps the state: taken back, too late, or without a method', async () => {
    const host = newHost({ maxConcurrentCalls: 1 })
    const id = await load(host, 'counter')
    const busy = host.call(await load(host, 'clock'), 'spin', 300)
    const controller = new AbortController()
    const taken = rejection(host.call(id, 'count', undefined, { signal: controller.signal }))
    const late = rejection(host.call(id, 'count', undefined, { timeout: 50 }))
    controller.abort()
    expect((await taken).code).toBe('Cancelled')
    expect((await late).code).toBe('Timeout')
    await busy
    await rejection(host.call(id, 'no such method'))
    await rejection(host.call(id, 'count', 1n))
    expect(await host.call(id, 'count')).toBe(101)
    expect(host.stats(id)).toMatchObject({ calls: 1, errors: 0, generation: 1 })
  })
})

describe('neighbours', () => {
  it('of a timeout are not ended by it: each instance has its own clock', async () => {
    const host = newHost({ maxConcurrentCalls: 4 })
    const id = await load(host, 'clock', { instances: 4 })
    const long = [host.call(id, 'spin', 1500), host.call(id, 'spin', 1500)]
    await until(() => host.stats(id).running === 2)
    let timeouts = 0
    for (let round = 0; round < 5; round += 1) {
      const error = await rejection(host.call(id, 'spin', 60_000, { timeout: 50 }))
      expect(error.code).toBe('Timeout')
      timeouts += 1
    }
    expect(host.stats(id).running).toBe(2)
    for (const answer of await Promise.all(long)) expect(answer).toHaveLength(2)
    expect(host.stats(id)).toMatchObject({ calls: 7, errors: timeouts })
    expect(host.stats(id).generation).toBeLessThanOrEqual(1 + timeouts)
  })

  it('of a cancel are not ended by it', async () => {
    const host = newHost({ maxConcurrentCalls: 4 })
    const id = await load(host, 'clock', { instances: 4 })
    const long = [host.call(id, 'spin', 1000), host.call(id, 'spin', 1000)]
    const signals = [AbortSignal.timeout(50), AbortSignal.timeout(60)]
    const gone = signals.map((signal) => rejection(host.call(id, 'spin', 60_000, { signal })))
    for (const error of await Promise.all(gone)) expect(error.code).toBe('Cancelled')
    for (const answer of await Promise.all(long)) expect(answer).toHaveLength(2)
  })

  it('of a fault keep their state: other instances, and other extensions', async () => {
    const host = newHost({ maxConcurrentCalls: 4 })
    const [broken, other] = [await load(host, 'counter'), await load(host, 'counter')]
    await host.call(other, 'count')
    await rejection(host.call(broken, 'trap'))
    await rejection(host.call(broken, 'loop', undefined, { timeout: 30 }))
    expect(await host.call(other, 'count')).toBe(102)
    expect(host.stats(other).generation).toBe(1)
  })

  it('go on, whatever a hundred mixed calls do to each other', async () => {
    const host = newHost({ maxConcurrentCalls: 4 })
    const id = await load(host, 'counter', { instances: 4, permissions: { maxMemory: '4MiB' } })
    const methods = ['count', 'trap', 'fail', 'count', 'hoard', 'loop', 'count', 'overflow', 'code', 'count']
    const expected = [
      'number',
      'Trap',
      'ExtensionError',
      'number',
      'MemoryLimit',
      'Timeout',
      'number',
      'Trap',
      'ExtensionError',
      'number',
    ]
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const method = methods[index % 10]!
        const options = method === 'loop' ? { timeout: 30_000 } : {}
        try {
          // An endless call is ended from outside, long after it began.
          if (method === 'loop') return await host.call(id, method, undefined, { timeout: 1000 + index })
          return typeof (await host.call(id, method, undefined, options))
        } catch (error) {
          return (error as { code: string }).code
        }
      }),
    )
    expect(outcomes).toEqual(Array.from({ length: 100 }, (_, index) => expected[index % 10]))
  })
})

describe('a late interrupt', () => {
  it('never hits the next call, however close a call ends to its deadline', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    let ended = 0
    for (let round = 0; round < 200; round += 1) {
      // Ends by itself at about the moment at which it is interrupted.
      const outcome = await host
        .call<[number, number]>(id, 'spin', 3, { timeout: 2.6 + (round % 10) / 10 })
        .catch((error: { code: string; message: string }) => error)
      if (Array.isArray(outcome)) expect(outcome).toHaveLength(2)
      else expect(outcome).toMatchObject({ code: 'Timeout' })
      // On a busy machine some are over before they begin, which costs no sandbox.
      if ('message' in outcome && !outcome.message.includes('before it started')) ended += 1
      expect(await host.call(id, 'spin', 1)).toHaveLength(2)
    }
    expect(host.stats(id).generation).toBeGreaterThanOrEqual(1 + ended)
  })

  it('is a timeout, also while the extension is started anew', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const outcomes = new Set<unknown>()
    for (let round = 0; round < 500; round += 1) {
      await rejection(host.call(id, 'trap'))
      const timeout = 0.05 + (round % 100) / 100
      outcomes.add(await host.call(id, 'count', undefined, { timeout }).catch((error: { code: string }) => error.code))
    }
    outcomes.delete(101)
    outcomes.delete('Timeout')
    expect(outcomes).toEqual(new Set())
  })

  it('never hits the next call after an abort that came too late', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    for (let round = 0; round < 100; round += 1) {
      const controller = new AbortController()
      const call = host
        .call(id, 'spin', 2, { signal: controller.signal })
        .catch((error: { code: string }) => error.code)
      await sleep(2)
      controller.abort()
      const outcome = await call
      if (outcome !== 'Cancelled') expect(outcome).toHaveLength(2)
      expect(await host.call(id, 'spin', 1)).toHaveLength(2)
    }
  })
})
