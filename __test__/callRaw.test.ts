import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'
import { WRONG_CALL_OPTIONS, WRONG_IDS, WRONG_METHODS } from './support/wrong.ts'

const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes)

describe('callRaw() with wrong arguments', () => {
  it.each(WRONG_IDS)('rejects with a TypeError for %s in place of the id', async (_, id) => {
    expect(await rejection(newHost().callRaw(id as number, 'echo'))).toBeInstanceOf(TypeError)
  })

  it.each(WRONG_METHODS)('rejects with a TypeError for %s in place of the method', async (_, method) => {
    expect(await rejection(newHost().callRaw(1, method as string))).toBeInstanceOf(TypeError)
  })

  it.each(WRONG_CALL_OPTIONS)('rejects for %s', async (_, options, type) => {
    expect(await rejection(newHost().callRaw(1, 'echo', '', options as never))).toBeInstanceOf(type)
  })

  it.each([
    ['an object', { ir: 1 }],
    ['a number', 5],
    ['null', null],
    ['an array of numbers', [1, 2]],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['another typed array', new Uint16Array(4)],
    ['a DataView', new DataView(new ArrayBuffer(4))],
  ])('rejects with a TypeError for %s as input', async (_, input) => {
    const error = await rejection(newHost().callRaw(1, 'echo', input as never))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('input')
  })

  it('rejects with NotFound and MethodNotFound as call does', async () => {
    const host = newHost()
    expect(await rejection(host.callRaw(7, 'echo'))).toMatchObject({ code: 'NotFound', method: 'echo' })
    const id = await load(host, 'echo')
    expect(await rejection(host.callRaw(id, 'ehco'))).toMatchObject({
      code: 'MethodNotFound',
      extension: 'echo',
      method: 'ehco',
    })
  })
})

describe('callRaw()', () => {
  it('hands text over as UTF-8 and answers bytes', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const answer = await host.callRaw(id, 'echo', 'smörgås 🥪')
    expect(answer).toBeInstanceOf(Uint8Array)
    expect(text(answer)).toBe('smörgås 🥪')
  })

  it('hands bytes over as they are', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    expect(await host.callRaw(id, 'echo', bytes)).toEqual(bytes)
    expect(await host.callRaw(id, 'echo', bytes.subarray(7, 9))).toEqual(Uint8Array.of(7, 8))
    expect(new Uint8Array(await host.callRaw(id, 'echo', Buffer.from('buffer')))).toEqual(
      new Uint8Array(Buffer.from('buffer')),
    )
  })

  it('gives no input where there is none, and answers nothing as no bytes', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    for (const input of [undefined, '', new Uint8Array()]) {
      expect(await host.callRaw(id, 'echo', input)).toEqual(new Uint8Array())
    }
    expect(await host.callRaw(id, 'nothing', 'something')).toEqual(new Uint8Array())
  })

  it('reads nothing as JSON', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(text(await host.callRaw(id, 'echo', '{"a": 1,}'))).toBe('{"a": 1,}')
  })

  it('copies the input: changing it afterwards changes nothing', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const input = Uint8Array.of(1, 2, 3)
    const answer = host.callRaw(id, 'echo', input)
    input.fill(9)
    expect(await answer).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('answers bytes of their own: they can be changed, and sent to another thread', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const [one, other] = await Promise.all([host.callRaw(id, 'echo', 'same'), host.callRaw(id, 'echo', 'same')])
    one.fill(0)
    expect(text(other)).toBe('same')
    expect(text(structuredClone(other, { transfer: [other.buffer as ArrayBuffer] }))).toBe('same')
    expect(other).toHaveLength(0)
  })

  it('takes bytes from another realm', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const foreign = vm.runInNewContext('Uint8Array.of(1, 2, 3)')
    expect(foreign).not.toBeInstanceOf(Uint8Array)
    expect(await host.callRaw(id, 'echo', foreign)).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('takes shared bytes, and bytes that were given away', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const shared = new Uint8Array(new SharedArrayBuffer(3))
    shared.set([1, 2, 3])
    expect(await host.callRaw(id, 'echo', shared)).toEqual(Uint8Array.of(1, 2, 3))
    const gone = Uint8Array.of(1, 2, 3)
    structuredClone(gone, { transfer: [gone.buffer] })
    expect(await host.callRaw(id, 'echo', gone)).toEqual(new Uint8Array())
  })
})
