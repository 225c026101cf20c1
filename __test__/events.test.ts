import { describe, expect, it } from 'vitest'
import type { ExtensionHost, HostEvents } from '@finos/morphir-extension-host'
import { runWell } from './support/child.ts'
import { caught } from './support/caught.ts'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

const NAMES = [
  'extension.loaded',
  'extension.failed',
  'extension.unloaded',
  'extension.call.started',
  'extension.call.completed',
  'extension.call.failed',
  'log',
] as const

/** Keeps what a host tells, name by name in its order. */
function record(host: ExtensionHost, names: readonly (keyof HostEvents)[] = NAMES) {
  const told: [string, Record<string, unknown>][] = []
  for (const name of names) host.on(name, (event) => told.push([name, { ...event }]))
  return told
}

describe('on(), once() and off()', () => {
  it.each([['extension.lodaed'], ['error'], ['newListener'], [undefined], [Symbol('log')], ['']])(
    'throw a TypeError for the event %s, naming those there are',
    (name) => {
      const host = newHost()
      for (const method of ['on', 'once', 'off'] as const) {
        const error = caught(() => host[method](name as 'log', () => {})) as Error
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toContain('extension.loaded, extension.failed')
      }
    },
  )

  it.each([[undefined], [null], ['listener'], [{ handleEvent() {} }]])(
    'throw a TypeError for a listener that is %s',
    (listener) => {
      const host = newHost()
      for (const method of ['on', 'once', 'off'] as const) {
        expect(() => host[method]('extension.loaded', listener as unknown as () => void)).toThrow(TypeError)
      }
    },
  )

  it("refuse listeners to 'log' where extensions are told not to log", () => {
    expect(() => newHost().on('log', () => {})).toThrow('make it with `logLevel`')
    expect(() => newHost().once('log', () => {})).toThrow(TypeError)
    newHost({ logLevel: 'warn' }).on('log', () => {})
    newHost({ onLog: () => {} }).on('log', () => {})
    newHost().off('log', () => {})
  })

  it('answer the host, which has no emit of its own', () => {
    const host = newHost()
    const listener = () => {}
    expect(host.on('extension.loaded', listener).once('extension.failed', listener)).toBe(host)
    expect(host.off('extension.loaded', listener)).toBe(host)
    expect('emit' in host).toBe(false)
  })

  it('call a listener until it is taken off, one of once() a single time', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const heard: string[] = []
    const listener = () => heard.push('on')
    const single = () => heard.push('once')
    host.on('extension.call.completed', listener).once('extension.call.completed', single)
    host.once('extension.call.started', single).off('extension.call.started', single)
    await host.call(id, 'count')
    await host.call(id, 'count')
    host.off('extension.call.completed', listener)
    await host.call(id, 'count')
    expect(heard).toEqual(['on', 'once', 'on'])
  })
})

describe('loads', () => {
  it('tell that they succeeded, before the promise resolves, and the extension can be called by then', async () => {
    const host = newHost()
    const told: HostEvents['extension.loaded'][] = []
    let answer: Promise<unknown> | undefined
    host.on('extension.loaded', (event) => {
      told.push(event)
      answer = host.callMany(event.id, 'initialized', [1, 2])
    })
    const id = await load(host, 'counter', { name: 'shop', instances: 2 })
    expect(told).toEqual([{ id, extension: 'shop', reloaded: false, duration: expect.any(Number) }])
    expect(told[0]!.duration).toBeGreaterThan(0)
    expect(await answer).toEqual([1, 1])
  })

  it('tell that they failed, with the error that the promise rejects with', async () => {
    const host = newHost()
    const told = record(host, ['extension.loaded', 'extension.failed'])
    const error = await rejection(load(host, 'lifecycle', { name: 'broken', config: { do: 't' } }))
    expect(told).toEqual([['extension.failed', { id: undefined, extension: 'broken', error }]])
    expect(told[0]![1].error).toBe(error)
  })

  it('tell of their end, once for each extension', async () => {
    const host = newHost()
    const told = record(host, ['extension.unloaded'])
    const ids = [await load(host, 'counter', { name: 'one' }), await load(host, 'counter', { name: 'two' })] as const
    await Promise.all([host.unloadExtension(ids[0]), host.unloadExtension(ids[0])])
    await host.unloadExtension(99)
    expect(told).toEqual([['extension.unloaded', { id: ids[0], extension: 'one' }]])
    await host.close()
    await host.close()
    expect(told.slice(1)).toEqual([['extension.unloaded', { id: ids[1], extension: 'two' }]])
  })
})

describe('calls', () => {
  it('tell that they start and that they ended, with one number', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const told = record(
      host,
      NAMES.filter((name) => name !== 'log'),
    )
    await host.call(id, 'count')
    const error = await rejection(host.callRaw(id, 'fail'))
    const [first, second] = [told[0]![1].call, told[2]![1].call]
    expect(first).not.toBe(second)
    const who = { id, extension: 'counter' }
    const duration = expect.any(Number)
    expect(told).toEqual([
      ['extension.call.started', { call: first, ...who, method: 'count' }],
      ['extension.call.completed', { call: first, ...who, method: 'count', duration }],
      ['extension.call.started', { call: second, ...who, method: 'fail' }],
      ['extension.call.failed', { call: second, ...who, method: 'fail', duration, error }],
    ])
  })

  it('tell of their end before their promise settles', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const order: string[] = []
    host
      .on('extension.call.completed', () => order.push('completed'))
      .on('extension.call.failed', () => order.push('failed'))
    await host.call(id, 'count').then(() => order.push('resolved'))
    await host.call(id, 'fail').catch(() => order.push('rejected'))
    expect(order).toEqual(['completed', 'resolved', 'failed', 'rejected'])
  })

  it.each<[string, string, (host: ExtensionHost, id: number) => Promise<unknown>]>([
    ['that is not loaded', 'NotFound', (host) => host.call(99, 'count')],
    ['without the method', 'MethodNotFound', (host, id) => host.call(id, 'nothing of the kind')],
    ['of a full queue', 'QueueFull', (host, id) => host.callMany(id, 'count', [1, 2])],
    ['with an aborted signal', 'Cancelled', (host, id) => host.call(id, 'count', 1, { signal: AbortSignal.abort() })],
    ['that runs out of time', 'Timeout', (host, id) => host.call(id, 'loop', undefined, { timeout: 50 })],
  ])('of an extension %s tell that they failed', async (what, code, call) => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 0, instances: 2 })
    const told = record(host, ['extension.call.started', 'extension.call.completed', 'extension.call.failed'])
    const controller = new AbortController()
    let busy: Promise<unknown> | undefined
    if (what === 'of a full queue') {
      busy = rejection(host.call(id, 'loop', undefined, { signal: controller.signal }))
      told.length = 0
    }
    const error = await rejection(call(host, id))
    expect(error.code).toBe(code)
    expect(told.map(([name]) => name)).toEqual(['extension.call.started', 'extension.call.failed'])
    expect(told[1]![1].error).toBe(error)
    controller.abort()
    await busy
  })

  it('with arguments of the wrong type are none', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const told = record(host, ['extension.call.started', 'extension.call.failed'])
    await rejection(host.call('1' as unknown as number, 'count'))
    await rejection(host.callRaw(id, 'count', 5 as unknown as string))
    await rejection(host.call(id, 'count', 1n))
    expect(told).toEqual([])
  })

  it('with many params are one, which failed if any of them did', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { instances: 2 })
    const told = record(host, ['extension.call.started', 'extension.call.completed', 'extension.call.failed'])
    await host.callMany(id, 'count', [1, 2, 3, 4])
    expect(told.map(([name]) => name)).toEqual(['extension.call.started', 'extension.call.completed'])
    told.length = 0
    const error = await rejection(host.callMany(id, 'fail', [1, 2]))
    expect(told.map(([name]) => name)).toEqual(['extension.call.started', 'extension.call.failed'])
    expect(told[1]![1].error).toBe(error)
    told.length = 0
    const [, failed] = await host.callMany(id, 'count', [1, 2n], { settled: true })
    expect(told.map(([name]) => name)).toEqual(['extension.call.started', 'extension.call.failed'])
    expect(told[1]![1].error).toBe((failed as PromiseRejectedResult).reason)
  })

  it('on this thread tell of both, too', async () => {
    const host = newHost({ logLevel: 'info' })
    const id = await load(host, 'logger')
    const told = record(host)
    expect(host.callSync(id, 'level')).toBe(2)
    caught(() => host.callSync(id, 'fail'))
    caught(() => host.callSync(99, 'fail'))
    expect(told.map(([name]) => name)).toEqual([
      'extension.call.started',
      'extension.call.completed',
      'extension.call.started',
      'log',
      'extension.call.failed',
      'extension.call.started',
      'extension.call.failed',
    ])
  })
})

describe('log', () => {
  it('tells what onLog receives, with the number of the call', async () => {
    const host = newHost({ logLevel: 'warn' })
    const id = await load(host, 'logger')
    const told = record(host)
    await Promise.all([host.callRaw(id, 'every_level'), host.callRaw(id, 'every_level')])
    const logged = told.filter(([name]) => name === 'log').map(([, event]) => event)
    const calls = told.filter(([name]) => name === 'extension.call.started').map(([, event]) => event.call)
    const about = { extension: 'logger', id, method: 'every_level' }
    expect(logged).toEqual(
      calls.flatMap((call) => [
        { level: 'warn', message: 'an oddity', ...about, call },
        { level: 'error', message: 'a failure', ...about, call },
      ]),
    )
  })

  it('and onLog can be heard together, during a load without a call', async () => {
    const heard: unknown[] = []
    const host = newHost({ onLog: (record) => heard.push(record) })
    const told = record(host, ['log'])
    const id = await load(host, 'logger')
    const starting = { level: 'info', message: 'starting', extension: 'logger', id }
    expect(heard).toEqual([starting])
    expect(told).toEqual([['log', { ...starting, method: undefined, call: undefined }]])
  })
})

describe('a listener that throws', () => {
  it('keeps no call from settling and no other listener from hearing: its error is uncaught', async () => {
    const printed = await runWell(
      `process.on('uncaughtException', (error) => print('uncaught: ' + error.message))
       const host = newHost()
       const heard = []
       for (const name of ['extension.loaded', 'extension.call.started', 'extension.call.completed', 'extension.unloaded']) {
         host.on(name, () => { throw new Error(name) })
         host.once(name, () => heard.push(name))
       }
       const id = await load(host, 'counter')
       print(await host.call(id, 'count'))
       print(host.callSync(id, 'count'))
       await host.unloadExtension(id)
       print(heard)`,
    )
    expect(printed.filter((line) => String(line).startsWith('uncaught'))).toEqual([
      'uncaught: extension.loaded',
      'uncaught: extension.call.started',
      'uncaught: extension.call.completed',
      'uncaught: extension.call.started',
      'uncaught: extension.call.completed',
      'uncaught: extension.unloaded',
    ])
    expect(printed.filter((line) => !String(line).startsWith('uncaught'))).toEqual([
      101,
      102,
      ['extension.loaded', 'extension.call.started', 'extension.call.completed', 'extension.unloaded'],
    ])
  })
})
