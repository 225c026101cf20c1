import { describe, expect, it } from 'vitest'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'
import { wat } from './support/guest.ts'
import { WRONG_CALL_OPTIONS, WRONG_IDS } from './support/wrong.ts'

/** An extension that does in its health check as this letter says. */
const letter = (letter: string) => ({ config: { do: letter }, permissions: { maxExecutionTime: 300 } })

describe('healthCheck()', () => {
  it.each(WRONG_IDS)('rejects with a TypeError for %s in place of the id', async (_, id) => {
    expect(await rejection(newHost().healthCheck(id as number))).toBeInstanceOf(TypeError)
  })

  it.each(WRONG_CALL_OPTIONS)('rejects %s', async (_, options, error) => {
    const host = newHost()
    const id = await load(host, 'health')
    expect(await rejection(host.healthCheck(id, options as object))).toBeInstanceOf(error)
  })

  it('rejects with NotFound for an id that is not loaded, and Closed after close', async () => {
    const host = newHost()
    const id = await load(host, 'health')
    expect(await rejection(host.healthCheck(99))).toMatchObject({ code: 'NotFound' })
    await host.unloadExtension(id)
    expect(await rejection(host.healthCheck(id))).toMatchObject({ code: 'NotFound' })
    await host.close()
    expect(await rejection(host.healthCheck(id))).toMatchObject({ code: 'Closed' })
  })

  it.each([
    ['h', { status: 'healthy', message: 'never better' }],
    ['d', { status: 'degraded', message: 'half asleep' }],
    ['u', { status: 'unhealthy', message: 'out of order' }],
    ['s', { status: 'unhealthy', message: 'The extension does not say why.' }],
    ['e', { status: 'unhealthy', message: 'I would rather not say.' }],
    ['t', { status: 'unhealthy', message: expect.stringContaining('The extension trapped') }],
    ['l', { status: 'unhealthy', message: expect.stringContaining('that `maxExecutionTime` grants') }],
    ['x', { status: 'unhealthy', message: expect.stringContaining('"as well as can be"') }],
  ])('answers what the extension says or does: %s', async (what, expected) => {
    const host = newHost()
    const id = await load(host, 'health', letter(what))
    expect(await host.healthCheck(id)).toEqual(expected)
  })

  it('of an extension without health_check is healthy while it starts and answers', async () => {
    const host = newHost()
    const counter = await load(host, 'counter')
    expect(await host.healthCheck(counter)).toEqual({ status: 'healthy' })
    await rejection(host.call(counter, 'trap'))
    // The check starts it anew, as a call would.
    expect(await host.healthCheck(counter)).toEqual({ status: 'healthy' })
    expect(await host.call(counter, 'count')).toBe(101)
    const plain = await loadPlain(host, await wat('(module (func (export "nothing")))'))
    expect(await host.healthCheck(plain)).toEqual({ status: 'healthy' })
  })

  it('is unhealthy where a call ahead of it takes too long', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const controller = new AbortController()
    const call = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
    await until(() => host.stats(id).running === 1)
    expect(await host.healthCheck(id, { timeout: 50 })).toEqual({
      status: 'unhealthy',
      message: 'The call ran out of time before it started.',
    })
    controller.abort()
    await call
    expect(await host.healthCheck(id, { timeout: 5000 })).toEqual({ status: 'healthy' })
  })

  it('rejects with Cancelled when it is taken back, because nothing is known then', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const call = rejection(host.call(id, 'loop'))
    await until(() => host.stats(id).running === 1)
    const controller = new AbortController()
    const check = rejection(host.healthCheck(id, { signal: controller.signal }))
    controller.abort(new Error('enough'))
    expect(await check).toMatchObject({ code: 'Cancelled', method: 'health_check', cause: { message: 'enough' } })
    const other = rejection(host.healthCheck(id))
    await host.unloadExtension(id, { cancel: true })
    expect(await other).toMatchObject({ code: 'Cancelled' })
    await call
  })

  it('is let in where calls are refused, and counts as none', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 0 })
    const controller = new AbortController()
    const call = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
    const check = host.healthCheck(id)
    expect(await rejection(host.call(id, 'count'))).toMatchObject({ code: 'QueueFull' })
    controller.abort()
    await call
    expect(await check).toEqual({ status: 'healthy' })
    expect(host.stats(id)).toMatchObject({ calls: 1, errorsByCode: { Cancelled: 1 } })
  })

  it('counts the state that it costs', async () => {
    const host = newHost()
    const id = await load(host, 'health', letter('t'))
    await host.healthCheck(id)
    expect(host.stats(id)).toMatchObject({ calls: 0, errors: 0, generation: 2 })
  })
})
