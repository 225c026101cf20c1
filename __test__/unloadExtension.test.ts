import { describe, expect, it } from 'vitest'
import { load, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'
import { WRONG_IDS } from './support/wrong.ts'

/** Options of the end that are none, of an extension as of a host. */
const WRONG_OPTIONS: [string, unknown][] = [
  ['options that are null', null],
  ['options that are a boolean', true],
  ['an option there is not', { force: true }],
  ['cancel that is text', { cancel: 'yes' }],
]

describe('unloadExtension() with wrong arguments', () => {
  it.each(WRONG_IDS)('rejects with a TypeError for %s in place of the id', async (_, id) => {
    expect(await rejection(newHost().unloadExtension(id as number))).toBeInstanceOf(TypeError)
  })

  it.each(WRONG_OPTIONS)('rejects with a TypeError for %s', async (_, options) => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(await rejection(host.unloadExtension(id, options as never))).toBeInstanceOf(TypeError)
    expect(host.list()).toHaveLength(1)
  })
})

describe('unloadExtension()', () => {
  it('answers nothing', async () => {
    const host = newHost()
    expect(await host.unloadExtension(await load(host, 'echo'))).toBe(undefined)
  })

  it('does nothing for what is not there, or not there any more', async () => {
    const host = newHost()
    await host.unloadExtension(99)
    const id = await load(host, 'echo')
    await Promise.all([host.unloadExtension(id), host.unloadExtension(id)])
    await host.unloadExtension(id)
    await host.close()
    await host.unloadExtension(id)
  })

  it('takes no more calls from the moment on', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const call = host.call(id, 'spin', 100)
    const unloading = host.unloadExtension(id)
    expect(await rejection(host.call(id, 'spin', 1))).toMatchObject({ code: 'NotFound', method: 'spin' })
    expect(await call).toHaveLength(2)
    await unloading
    expect(await rejection(host.call(id, 'spin', 1))).toMatchObject({ code: 'NotFound', method: 'spin' })
  })

  it('lets calls finish, running and waiting, before it resolves', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const answered: unknown[] = []
    const calls = Array.from({ length: 20 }, () => host.call(id, 'count').then((count) => answered.push(count)))
    await host.unloadExtension(id)
    expect(answered).toEqual(Array.from({ length: 20 }, (_, index) => 101 + index))
    await Promise.all(calls)
  })

  it('with cancel rejects calls with Cancelled, running and waiting, before it resolves', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const codes: string[] = []
    const calls = Array.from({ length: 20 }, () =>
      rejection(host.call(id, 'loop')).then(({ code }) => codes.push(code)),
    )
    await until(() => host.stats(id).running === 1)
    await host.unloadExtension(id, { cancel: true })
    await Promise.resolve()
    expect(codes).toEqual(Array(20).fill('Cancelled'))
    await Promise.all(calls)
  })

  it('with cancel ends what a first unloadExtension waits for', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const call = rejection(host.call(id, 'loop'))
    await until(() => host.stats(id).running === 1)
    const patient = host.unloadExtension(id)
    await host.unloadExtension(id, { cancel: true })
    await patient
    expect(await call).toMatchObject({ code: 'Cancelled', extension: 'counter', method: 'loop' })
  })

  it('leaves other extensions alone, with cancel too', async () => {
    const host = newHost()
    const [one, other] = [await load(host, 'clock'), await load(host, 'clock')]
    const gone = rejection(host.call(one, 'spin', 60_000))
    const stays = host.call(other, 'spin', 200)
    await until(() => host.stats(one).running === 1)
    await host.unloadExtension(one, { cancel: true })
    expect(await gone).toMatchObject({ code: 'Cancelled' })
    expect(await stays).toHaveLength(2)
    expect(await host.call(other, 'spin', 1)).toHaveLength(2)
    expect(host.stats(other).generation).toBe(1)
  })
})
