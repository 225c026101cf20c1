import { describe, expect, it } from 'vitest'
import { ExtensionError } from '@finos/morphir-extension-host'
import { wat } from './support/guest.ts'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'
import { WRONG_CALL_OPTIONS, WRONG_IDS, WRONG_METHODS } from './support/wrong.ts'

describe('call() with wrong arguments', () => {
  it.each(WRONG_IDS)('rejects with a TypeError for %s in place of the id', async (_, id) => {
    const error = await rejection(newHost().call(id as number, 'echo'))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('id')
  })

  it.each(WRONG_METHODS)('rejects with a TypeError for %s in place of the method', async (_, method) => {
    const host = newHost()
    const id = await load(host, 'echo')
    const error = await rejection(host.call(id, method as string))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('method')
  })

  it.each(WRONG_CALL_OPTIONS)('rejects for %s', async (_, options, type) => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(await rejection(host.call(id, 'echo', 1, options as never))).toBeInstanceOf(type)
    expect(host.stats(id).calls).toBe(0)
  })

  it('rejects with NotFound for an id that was never given out', async () => {
    const host = newHost()
    for (const id of [0, 1, 99, Number.MAX_SAFE_INTEGER]) {
      const error = await rejection(host.call(id, 'echo'))
      expect(error).toBeInstanceOf(ExtensionError)
      expect(error).toMatchObject({ code: 'NotFound', method: 'echo' })
      expect(error.message).toContain(String(id))
    }
  })

  it('rejects with MethodNotFound before the guest runs, and says which methods there are', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const error = await rejection(host.call(id, 'cuont'))
    expect(error).toMatchObject({ code: 'MethodNotFound', extension: 'counter', method: 'cuont' })
    expect(error.message).toMatch(/cuont.*capabilities, code, count/)
    expect(host.stats(id)).toMatchObject({ calls: 0, generation: 1 })
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('rejects with MethodNotFound for an export that takes params, and for one that is no function', async () => {
    const host = newHost()
    const id = await load(host, 'plain', { lifecycle: 'none' })
    const error = await rejection(host.call(id, 'double'))
    expect(error).toMatchObject({ code: 'MethodNotFound', extension: 'plain', method: 'double' })
    expect(error.message).toContain('(param i32)')
    expect(await rejection(host.call(id, 'memory'))).toMatchObject({ code: 'MethodNotFound', method: 'memory' })
  })

  it.each(['', ' count', 'count ', 'count\0', 'COUNT', 'counт', '__proto__', 'constructor', 'x'.repeat(100_000)])(
    'does not take %j for another method',
    async (method) => {
      const host = newHost()
      const id = await load(host, 'counter')
      const error = await rejection(host.call(id, method))
      if (method === '') expect(error).toBeInstanceOf(TypeError)
      else expect(error).toMatchObject({ code: 'MethodNotFound', method })
    },
  )
})

describe('call()', () => {
  it.each([
    [{ a: 1, b: ['two', null, true, 4.5] }],
    [[]],
    ['text'],
    ['10'],
    [0],
    [-1.5e300],
    [false],
    [null],
    [{ '': { ' ': '' }, __proto__x: 1 }],
  ])('answers %j for %j', async (params) => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(await host.call(id, 'echo', params)).toEqual(params)
  })

  it('keeps the order of keys', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const params = { z: 1, a: 2, m: { y: 1, b: 2 } }
    expect(JSON.stringify(await host.call(id, 'echo', params))).toBe(JSON.stringify(params))
  })

  it('gives no input where there are no params, and null where they are null', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(await rejection(host.call(id, 'echo'))).toMatchObject({ code: 'SerializationError' })
    expect(await rejection(host.call(id, 'echo', undefined, {}))).toMatchObject({ code: 'SerializationError' })
    expect(await host.call(id, 'echo', null)).toBe(null)
  })

  it('writes params as JSON.stringify does', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const date = new Date(0)
    expect(await host.call(id, 'echo', { date, skipped: undefined, list: [undefined, Number.NaN] })).toEqual({
      date: date.toISOString(),
      list: [null, null],
    })
    expect(await host.call(id, 'echo', { toJSON: () => 'mine' })).toBe('mine')
  })

  it('always answers a promise, and never in the same turn', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    let settled = false
    const answer = host.call(id, 'echo', 1).finally(() => (settled = true))
    expect(answer).toBeInstanceOf(Promise)
    await Promise.resolve()
    expect(settled).toBe(false)
    await answer
    const wrong = host.call('x' as never, 'echo')
    expect(wrong).toBeInstanceOf(Promise)
    await rejection(wrong)
  })

  it('keeps state and order with one instance', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const calls = Array.from({ length: 200 }, () => host.call<number>(id, 'count'))
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 200 }, (_, index) => 101 + index))
  })

  it('answers 1,000 calls at once, each its own', async () => {
    const host = newHost()
    const id = await load(host, 'echo', { instances: 3 })
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, index) => host.call(id, 'echo', { index })))
    expect(answers).toEqual(Array.from({ length: 1000 }, (_, index) => ({ index })))
  })

  it('takes a method that returns nothing, and methods of any name', async () => {
    const host = newHost()
    const id = await loadPlain(
      host,
      await wat('(module (func (export "é ∀ \\"quoted\\"")) (func (export "initialize")))'),
    )
    expect(await host.callRaw(id, 'é ∀ "quoted"')).toEqual(new Uint8Array())
    expect(await host.callRaw(id, 'initialize')).toEqual(new Uint8Array())
  })

  it('runs a program anew each time: _start keeps no state', async () => {
    const program = await wat(`(module
      (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
      (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
      (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
      (global $runs (mut i32) (i32.const 0))
      (func (export "_start") (local $digit i64)
        (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
        (local.set $digit (call $alloc (i64.const 1)))
        (call $store_u8 (local.get $digit) (i32.add (i32.const 0x30) (global.get $runs)))
        (call $output_set (local.get $digit) (i64.const 1))))`)
    const host = newHost()
    const id = await loadPlain(host, program)
    expect(await host.callMany(id, '_start', [null, null])).toEqual([1, 1])
    expect(await host.call(id, '_start')).toBe(1)
    expect(host.stats(id)).toMatchObject({ calls: 3, errors: 0, generation: 1 })
  })

  it('answers the same with timers and signals that are never used', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const { signal } = new AbortController()
    expect(await host.call(id, 'echo', 1, { signal, timeout: 86_400_000 })).toBe(1)
    expect(await host.call(id, 'echo', 1, { signal: undefined, timeout: undefined })).toBe(1)
    expect(await host.call(id, 'echo', 1, { timeout: 9999.5 })).toBe(1)
  })
})
