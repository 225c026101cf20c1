import { describe, expect, it } from 'vitest'
import { caught } from './support/caught.ts'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'
import { saying } from './support/saying.ts'
import { WRONG_IDS } from './support/wrong.ts'

interface Echo {
  echo<Value>(params: Value): Value
  nothing(): unknown
}

async function loadSaying(host: ReturnType<typeof newHost>, names: string[]) {
  const bytes = await saying(names.map((name) => ({ name })))
  return host.loadExtension({ name: 'names', source: { type: 'wasm', bytes } })
}

describe('client()', () => {
  it.each(WRONG_IDS)('throws a TypeError for %s in place of the id', (_, id) => {
    expect(() => newHost().client(id as number)).toThrow(TypeError)
  })

  it('throws NotFound and Closed as capabilities does', async () => {
    const host = newHost()
    expect(caught(() => host.client(9))).toMatchObject({ code: 'NotFound' })
    await host.close()
    expect(caught(() => host.client(9))).toMatchObject({ code: 'Closed' })
  })

  it('calls methods by their names, with options', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const client = host.client<Echo>(id)
    expect(await client.echo({ a: 1 })).toEqual({ a: 1 })
    const reason = new Error('enough')
    const error = await rejection(client.echo(1, { signal: AbortSignal.abort(reason) }))
    expect(error).toMatchObject({ code: 'Cancelled', method: 'echo', cause: reason })
    expect(await rejection(client.nothing())).toMatchObject({ code: 'SerializationError', method: 'nothing' })
    expect(await rejection(client.echo(1, { timeOut: 1 } as object))).toBeInstanceOf(TypeError)
    await host.unloadExtension(id)
    expect(await rejection(client.echo(1))).toMatchObject({ code: 'NotFound' })
  })

  it('has the methods that the capabilities name, and nothing else', async () => {
    const host = newHost()
    const client = host.client(await load(host, 'echo'))
    expect(Object.keys(client)).toEqual(['echo', 'nothing'])
    expect(Object.isFrozen(client)).toBe(true)
    for (const name of ['not_utf8', 'initialize', 'constructor', 'toString', '__proto__']) {
      expect((client as Record<string, unknown>)[name]).toBeUndefined()
    }
    const plain = await host.loadExtension({
      name: 'plain',
      source: { type: 'wasm', bytes: await saying([], ['echo']) },
    })
    expect(Object.keys(host.client(plain))).toEqual([])
  })

  it('may be awaited, and takes any name but then', async () => {
    const host = newHost()
    const names = ['then', '__proto__', 'constructor', 'toString', 'a b', 'a b', 'ünï']
    const client = await host.client(await loadSaying(host, names))
    expect(Object.keys(client)).toEqual(['__proto__', 'constructor', 'toString', 'a b', 'ünï'])
    for (const name of Object.keys(client)) expect(await client[name]!([name])).toEqual([name])
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })
})
