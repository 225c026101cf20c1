import { describe, expect, it } from 'vitest'
import { ExtensionError, type ExtensionHost } from '@finos/morphir-extension-host'
import { wat } from './support/guest.ts'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'
import { WRONG_CALL_OPTIONS, WRONG_IDS, WRONG_METHODS } from './support/wrong.ts'

describe('callMany() with wrong arguments', () => {
  it.each(WRONG_IDS)('rejects with a TypeError for %s in place of the id', async (_, id) => {
    expect(await rejection(newHost().callMany(id as number, 'echo', [1]))).toBeInstanceOf(TypeError)
  })

  it.each(WRONG_METHODS)('rejects with a TypeError for %s in place of the method', async (_, method) => {
    expect(await rejection(newHost().callMany(1, method as string, [1]))).toBeInstanceOf(TypeError)
  })

  it.each(WRONG_CALL_OPTIONS)('rejects for %s', async (_, options, type) => {
    expect(await rejection(newHost().callMany(1, 'echo', [1], options as never))).toBeInstanceOf(type)
  })

  it.each([
    ['nothing', undefined],
    ['an object', { length: 1 }],
    ['text', 'params'],
    ['a Set', new Set([1])],
    ['bytes', Uint8Array.of(1)],
  ])('rejects with a TypeError for %s in place of the list', async (_, list) => {
    const error = await rejection(newHost().callMany(1, 'echo', list as never))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('list')
  })

  it('rejects with a TypeError for settled that is no boolean', async () => {
    expect(await rejection(newHost().callMany(1, 'echo', [1], { settled: 'yes' } as never))).toBeInstanceOf(TypeError)
  })

  it('rejects with NotFound and MethodNotFound as call does, settled or not', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    for (const settled of [false, true]) {
      const options = { settled } as { settled: true }
      expect(await rejection(host.callMany(99, 'echo', [1], options))).toMatchObject({
        code: 'NotFound',
        method: 'echo',
      })
      expect(await rejection(host.callMany(id, 'ehco', [1], options))).toMatchObject({
        code: 'MethodNotFound',
        extension: 'echo',
      })
    }
  })
})

describe('callMany()', () => {
  it.each([1, 3, 7])('answers the results in the order of the params with %d instances', async (instances) => {
    const host = newHost()
    const id = await load(host, 'echo', { instances })
    for (const length of [0, 1, 2, 5, 100]) {
      const list = Array.from({ length }, (_, index) => ({ index }))
      expect(await host.callMany(id, 'echo', list)).toEqual(list)
    }
  })

  it('calls in the order of the params with one instance', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    expect(await host.callMany(id, 'count', Array(5).fill(null))).toEqual([101, 102, 103, 104, 105])
    expect(host.stats(id).calls).toBe(5)
  })

  it('gives no input for params that are undefined or a hole', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    // oxlint-disable-next-line no-sparse-arrays
    expect(await host.callMany(id, 'count', [undefined, , null])).toEqual([101, 102, 103])
  })

  it('runs every call, whatever becomes of the others, and rejects with the first error', async () => {
    const host = newHost()
    const id = await loadPlain(host, await picky())
    const error = await rejection(host.callMany(id, 'run', [1, 'fail', 2, 'trap', 3]))
    expect(error).toBeInstanceOf(ExtensionError)
    expect(error).toMatchObject({ code: 'ExtensionError', extension: 'inline', method: 'run', index: 1 })
    expect(host.stats(id)).toMatchObject({
      calls: 5,
      errors: 2,
      errorsByCode: { ExtensionError: 1, Trap: 1 },
      generation: 2,
    })
  })

  it('counts the index from the beginning of the list, also where several instances share it', async () => {
    const host = newHost()
    const id = await loadPlain(host, await picky(), { instances: 3 })
    const list = [1, 2, 3, 4, 5, 6, 7, 'trap', 'fail', 10]
    expect(await rejection(host.callMany(id, 'run', list))).toMatchObject({ code: 'Trap', index: 7 })
  })

  it('with settled answers what became of each', async () => {
    const host = newHost()
    const id = await loadPlain(host, await picky())
    const outcomes = await host.callMany(id, 'run', [1, 'fail', 2, 'trap'], { settled: true })
    expect(outcomes).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: expect.objectContaining({ code: 'ExtensionError', method: 'run' }) },
      { status: 'fulfilled', value: 2 },
      { status: 'rejected', reason: expect.objectContaining({ code: 'Trap', method: 'run' }) },
    ])
    expect(await host.callMany(id, 'run', [], { settled: true })).toEqual([])
  })

  it('calls for all other params where some cannot be written as JSON', async () => {
    const host = newHost()
    const id = await load(host, 'echo', { instances: 2 })
    const list = [1, 2n, 3, () => 4, 5]
    const outcomes = await host.callMany(id, 'echo', list, { settled: true })
    const unwritten = { code: 'SerializationError', extension: 'echo', method: 'echo' }
    expect(outcomes).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: expect.objectContaining(unwritten) },
      { status: 'fulfilled', value: 3 },
      { status: 'rejected', reason: expect.objectContaining(unwritten) },
      { status: 'fulfilled', value: 5 },
    ])
    expect(await rejection(host.callMany(id, 'echo', list))).toMatchObject({ ...unwritten, index: 1 })
    expect(host.stats(id).calls).toBe(6)
  })

  it('answers one result that is no JSON as an error of its own', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const outcomes = await host.callMany(id, 'echo', [1, undefined], { settled: true })
    expect(outcomes[0]).toEqual({ status: 'fulfilled', value: 1 })
    expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code: 'SerializationError' } })
  })

  it('lets all instances share the work', async () => {
    const host = newHost()
    const id = await load(host, 'clock', { instances: 2 })
    const spans = host.callMany<[number, number]>(id, 'spin', [100, 100, 100, 100])
    await until(() => host.stats(id).running === 2)
    expect(await spans).toHaveLength(4)
  })

  it('has one timeout for all of them together', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const outcomes = await host.callMany(id, 'spin', [1, 60_000, 1], { settled: true, timeout: 300 })
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(outcomes[1]).toMatchObject({ reason: { code: 'Timeout', extension: 'clock', method: 'spin' } })
    expect(outcomes[2]).toMatchObject({ reason: { code: 'Timeout', extension: 'clock', method: 'spin' } })
  })

  it('has one signal for all of them together, running and waiting', async () => {
    const host = newHost()
    const id = await load(host, 'clock', { instances: 2 })
    const controller = new AbortController()
    const { signal } = controller
    const many = rejection(host.callMany(id, 'spin', [60_000, 60_000, 1, 1], { signal }))
    const settled = rejection(host.callMany(id, 'spin', [1, 1, 1, 1], { signal, settled: true }))
    await until(() => host.stats(id).running === 2)
    controller.abort('enough')
    for (const error of [await many, await settled]) {
      expect(error).toMatchObject({ code: 'Cancelled', extension: 'clock', method: 'spin', cause: 'enough' })
    }
    expect(await host.call(id, 'spin', 1)).toHaveLength(2)
  })
})

describe('callMany() that ends while answers are on their way', () => {
  /** JavaScript is busy: nothing is taken meanwhile. */
  const busy = (milliseconds: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)

  it.each([
    ['its timeout', { timeout: 50 }, () => {}],
    ['an unload', {}, (host: ExtensionHost, id: number) => void host.unloadExtension(id, { cancel: true })],
    ['a close', {}, (host: ExtensionHost) => void host.close({ cancel: true })],
  ])('answers what was done, each in its place, after %s', async (_, options, end) => {
    const host = newHost()
    const id = await load(host, 'echo')
    const list = Array.from({ length: 100_000 }, (_, index) => index)
    const outcomes = host.callMany<number>(id, 'echo', list, { settled: true, ...options })
    // By then it has stood in line again: its end comes from here, and its first answers from another thread.
    busy(100)
    end(host, id)
    const values = (await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined))
    const well = values.indexOf(undefined)
    expect(well).toBeGreaterThan(0)
    expect(values).toEqual(list.map((index) => (index < well ? index : undefined)))
  })

  it('answers what was done, each in its place, where a listener of its log ends it', async () => {
    let heard = 0
    const onLog = () => {
      heard += 1
      if (heard > 1) return
      // More answers lie behind this one in what JavaScript has just been given; and the call goes on, and stands in line again.
      busy(100)
      void host.unloadExtension(id, { cancel: true })
    }
    const host = newHost({ logLevel: 'info', onLog })
    const id = await loadPlain(host, await chatty())
    const list = Array.from({ length: 100_000 }, (_, index) => index)
    const outcomes = host.callMany<number>(id, 'say', list, { settled: true })
    busy(100)
    const values = (await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined))
    const well = values.indexOf(undefined)
    expect(well).toBeGreaterThan(128)
    expect(values).toEqual(list.map((index) => (index < well ? index : undefined)))
    expect(heard).toBe(well)
  })
})

/** Answers its input, and logs something. */
function chatty(): Promise<Uint8Array> {
  return wat(`(module
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "log_info" (func $log (param i64)))
    (func (export "say") (result i32)
      (call $log (call $alloc (i64.const 1)))
      (call $output_set (call $input_offset) (call $input_length))
      (i32.const 0)))`)
}

/** Answers its input; breaks for params that begin with `"f` and `"t`. */
function picky(): Promise<Uint8Array> {
  return wat(`(module
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (func (export "run") (result i32) (local $letter i32)
      (local.set $letter (call $input_load_u8 (i64.const 1)))
      (if (i32.eq (local.get $letter) (i32.const 0x66)) (then (return (i32.const 1))))
      (if (i32.eq (local.get $letter) (i32.const 0x74)) (then (unreachable)))
      (call $output_set (call $input_offset) (call $input_length))
      (i32.const 0)))`)
}
