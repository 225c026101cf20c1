import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ExtensionHost } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { load, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'

describe('close()', () => {
  it.each([
    ['options that are null', null],
    ['an option there is not', { force: true }],
    ['cancel that is a number', { cancel: 1 }],
  ])('rejects with a TypeError for %s, and closes nothing', async (_, options) => {
    const host = newHost()
    expect(await rejection(host.close(options as never))).toBeInstanceOf(TypeError)
    expect(await host.call(await load(host, 'echo'), 'echo', 1)).toBe(1)
  })

  it('answers nothing, and can be repeated', async () => {
    const host = newHost()
    await load(host, 'echo')
    const [first, second] = await Promise.all([host.close(), host.close()])
    expect([first, second, await host.close({ cancel: true })]).toEqual([undefined, undefined, undefined])
  })

  it('closes a host with nothing loaded', async () => {
    await newHost().close()
  })

  it('takes nothing new, from the moment on', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const call = host.call(id, 'spin', 100)
    const closing = host.close()
    for (let round = 0; round < 2; round += 1) {
      expect(await rejection(load(host, 'echo'))).toMatchObject({ code: 'Closed', extension: 'echo' })
      expect(await rejection(host.call(id, 'spin', 1))).toMatchObject({ code: 'Closed', method: 'spin' })
      expect(await rejection(host.callRaw(id, 'spin', '1'))).toMatchObject({ code: 'Closed', method: 'spin' })
      expect(await rejection(host.callMany(id, 'spin', [1]))).toMatchObject({ code: 'Closed', method: 'spin' })
      expect(caught(() => host.stats(id)).code).toBe('Closed')
      expect(caught(() => host.capabilities(id)).code).toBe('Closed')
      await closing
    }
    expect(await call).toHaveLength(2)
  })

  it('lets calls finish, running and waiting, before it resolves', async () => {
    const host = newHost()
    const [one, other] = [await load(host, 'counter'), await load(host, 'counter')]
    const answered: unknown[] = []
    for (let index = 0; index < 10; index += 1) {
      void host.call(one, 'count').then((count) => answered.push(count))
      void host.call(other, 'count').then((count) => answered.push(count))
    }
    await host.close()
    expect(answered).toHaveLength(20)
  })

  it('with cancel rejects calls with Cancelled, running and waiting', async () => {
    const host = newHost()
    const [one, other] = [await load(host, 'counter', { instances: 2 }), await load(host, 'counter')]
    const calls = Array.from({ length: 20 }, (_, index) => rejection(host.call(index % 2 ? one : other, 'loop')))
    await until(() => host.stats(one).running + host.stats(other).running === 3)
    await host.close({ cancel: true })
    for (const error of await Promise.all(calls))
      expect(error).toMatchObject({ code: 'Cancelled', extension: 'counter' })
  })

  it('with cancel ends what a first close waits for', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const call = rejection(host.call(id, 'loop'))
    const patient = host.close()
    await host.close({ cancel: true })
    await patient
    expect((await call).code).toBe('Cancelled')
  })

  it('cancels loads, running and waiting', async () => {
    const host = newHost({ cacheDir: false, maxConcurrentCalls: 2 })
    const loads = Array.from({ length: 10 }, () => rejection(load(host, 'lifecycle', { config: { do: 'l' } })))
    await sleep(100)
    await host.close()
    for (const error of await Promise.all(loads))
      expect(error).toMatchObject({ code: 'Cancelled', extension: 'lifecycle' })
    expect(host.list()).toEqual([])
  })

  it('leaves other hosts alone', async () => {
    const [one, other] = [newHost(), newHost()]
    const ids = [await load(one, 'clock'), await load(other, 'clock')] as const
    const call = other.call(ids[1], 'spin', 200)
    await one.close({ cancel: true })
    expect(await call).toHaveLength(2)
    expect(await other.call(ids[1], 'spin', 1)).toHaveLength(2)
  })
})

describe('[Symbol.asyncDispose]()', () => {
  it('closes the host at the end of an await using block, after its calls', async () => {
    let kept: ExtensionHost
    let call: Promise<unknown>
    {
      await using host = new ExtensionHost({ cacheDir: false })
      kept = host
      call = host.call(await load(host, 'clock'), 'spin', 50)
    }
    expect(await call).toHaveLength(2)
    expect(await rejection(load(kept, 'echo'))).toMatchObject({ code: 'Closed' })
  })
})
