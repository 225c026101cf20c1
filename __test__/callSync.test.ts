import { describe, expect, it } from 'vitest'
import { ExtensionError } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { load, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'
import { WRONG_IDS, WRONG_METHODS } from './support/wrong.ts'

describe('callSync() with wrong arguments', () => {
  it.each(WRONG_IDS)('throws a TypeError for %s in place of the id', (_, id) => {
    expect(() => newHost().callSync(id as number, 'echo')).toThrow(TypeError)
  })

  it.each(WRONG_METHODS)('throws a TypeError for %s in place of the method', (_, method) => {
    expect(() => newHost().callSync(1, method as string)).toThrow(TypeError)
  })

  it.each([
    ['options that are null', null, TypeError],
    ['a signal, which nobody could abort meanwhile', { signal: new AbortController().signal }, TypeError],
    ['a timeout that is text', { timeout: '5s' }, TypeError],
    ['a timeout of 0', { timeout: 0 }, RangeError],
  ])('throws for %s', async (_, options, type) => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(() => host.callSync(id, 'echo', 1, options as never)).toThrow(type)
  })

  it('throws NotFound, MethodNotFound and Closed', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(caught(() => host.callSync(99, 'echo'))).toMatchObject({ code: 'NotFound', method: 'echo' })
    expect(caught(() => host.callSync(id, 'ehco'))).toMatchObject({
      code: 'MethodNotFound',
      extension: 'echo',
      method: 'ehco',
    })
    await host.close()
    expect(caught(() => host.callSync(id, 'echo'))).toMatchObject({ code: 'Closed', method: 'echo' })
  })

  it('throws SerializationError for params that cannot be written, naming extension and method', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const error = caught(() => host.callSync(id, 'echo', 1n))
    expect(error).toMatchObject({
      code: 'SerializationError',
      extension: 'echo',
      method: 'echo',
      cause: expect.any(TypeError),
    })
  })
})

describe('callSync()', () => {
  it('answers the result itself', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(host.callSync(id, 'echo', { a: [1] })).toEqual({ a: [1] })
    expect(host.callSync(id, 'echo', null)).toBe(null)
    expect(host.stats(id).calls).toBe(2)
  })

  it('shares the state of calls that came before', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    expect(await host.call(id, 'count')).toBe(101)
    expect(host.callSync(id, 'count')).toBe(102)
    expect(await host.call(id, 'count')).toBe(103)
  })

  it('throws what call would reject with, and the extension recovers', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const error = caught(() => host.callSync(id, 'trap'))
    expect(error).toBeInstanceOf(ExtensionError)
    expect(error).toMatchObject({ code: 'Trap', extension: 'counter', method: 'trap' })
    expect(caught(() => host.callSync(id, 'fail'))).toMatchObject({
      code: 'ExtensionError',
      message: 'The counter does not like this.',
    })
    expect(host.callSync(id, 'count')).toBe(102)
    expect(host.stats(id).generation).toBe(2)
  })

  it('is held to the time of the extension, and to its own timeout', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions: { maxExecutionTime: 200 } })
    expect(caught(() => host.callSync(id, 'loop'))).toMatchObject({
      code: 'Timeout',
      extension: 'counter',
      method: 'loop',
    })
    const since = performance.now()
    expect(caught(() => host.callSync(id, 'loop', undefined, { timeout: 20 }))).toMatchObject({ code: 'Timeout' })
    expect(performance.now() - since).toBeLessThan(190)
  })

  it('does not stand in line behind calls that wait', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const calls = Array.from({ length: 20 }, () => host.call<number>(id, 'count'))
    const now = host.callSync<number>(id, 'count')
    expect(now).toBeLessThan(122)
    expect([...(await Promise.all(calls)), now].toSorted()).toEqual(
      Array.from({ length: 21 }, (_, index) => 101 + index),
    )
  })

  it('waits for an instance that is at work, at most as long as its timeout', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const call = host.call(id, 'spin', 300)
    await until(() => host.stats(id).running === 1)
    expect(caught(() => host.callSync(id, 'spin', 1, { timeout: 20 }))).toMatchObject({
      code: 'Timeout',
      extension: 'clock',
    })
    const [start] = host.callSync<[number, number]>(id, 'spin', 1)
    const [, end] = (await call) as [number, number]
    expect(start).toBeGreaterThanOrEqual(end)
  })

  it('hands over what the extension logs before it answers', async () => {
    const messages: string[] = []
    const host = newHost({ onLog: ({ message }) => messages.push(message) })
    const id = await load(host, 'logger')
    messages.length = 0
    expect(caught(() => host.callSync(id, 'fail')).code).toBe('ExtensionError')
    expect(messages).toEqual(['the log names the culprit'])
  })

  it('works while calls of another extension hold every thread', async () => {
    const host = newHost()
    const busy = await load(host, 'counter', { instances: 4 })
    const idle = await load(host, 'echo')
    const calls = Array.from({ length: 10 }, () => rejection(host.call(busy, 'loop', undefined, { timeout: 1000 })))
    await until(() => host.stats(busy).running === 3)
    expect(host.callSync(idle, 'echo', 'now')).toBe('now')
    for (const error of await Promise.all(calls)) expect(error.code).toBe('Timeout')
  })
})
