import { describe, expect, it } from 'vitest'
import type { ExtensionHost } from '@finos/morphir-extension-host'
import { wat } from './support/guest.ts'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection, timed } from './support/promise.ts'

const MIB = 1024 * 1024
/** What Extism's own memory starts with, in pages of 64 KiB. */
const KERNEL_PAGES = 16

describe('maxMemory', () => {
  it.each([
    ['4MiB', 64],
    ['100MB', 1525],
    [4 * MIB, 64],
    [1_310_720, 20],
    [undefined, 4096],
  ])('%s lets a guest grow to what is left of it beside Extism', async (maxMemory, pages) => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions: { maxMemory } })
    expect(await host.call(id, 'grow')).toBe(pages - KERNEL_PAGES)
  })

  it('refuses growth as WebAssembly does: the guest goes on, with its state', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions: { maxMemory: '2MiB' } })
    await host.call(id, 'count')
    await host.call(id, 'grow')
    expect(await host.call(id, 'count')).toBe(102)
    expect(host.stats(id).generation).toBe(1)
  })

  it('names a trap MemoryLimit where growth was refused just before, as most languages do it', async () => {
    const growing = await wat(`(module (memory 1)
      (func (export "more") (if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then (unreachable))))
      (func (export "trap") unreachable))`)
    const host = newHost()
    const id = await loadPlain(host, growing, { permissions: { maxMemory: '4MiB' } })
    expect(await rejection(host.callRaw(id, 'more'))).toMatchObject({ code: 'MemoryLimit', method: 'more' })
    expect(await rejection(host.callRaw(id, 'trap'))).toMatchObject({ code: 'Trap', method: 'trap' })
  })

  it("ends a guest that hoards Extism's memory with MemoryLimit", async () => {
    const host = newHost()
    const id = await load(host, 'counter', { permissions: { maxMemory: '4MiB' } })
    expect(await rejection(host.call(id, 'hoard'))).toMatchObject({
      code: 'MemoryLimit',
      extension: 'counter',
      method: 'hoard',
    })
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('counts the input: one that does not fit is MemoryLimit', async () => {
    const host = newHost()
    const id = await load(host, 'echo', { permissions: { maxMemory: '4MiB' } })
    expect(await rejection(host.callRaw(id, 'echo', new Uint8Array(5 * MIB)))).toMatchObject({ code: 'MemoryLimit' })
    expect(await host.callRaw(id, 'echo', new Uint8Array(MIB))).toHaveLength(MIB)
  })

  it('refuses a module that starts with more, before any of its code runs', async () => {
    const large = await wat('(module (memory 65) (func (export "run")))')
    const error = await rejection(loadPlain(newHost(), large, { permissions: { maxMemory: '4MiB' } }))
    expect(error).toMatchObject({ code: 'MemoryLimit', extension: 'inline' })
    expect(error.message).toContain('65 pages')
  })

  it('bounds tables as well', async () => {
    const grows = await wat(`(module (table $t 1 funcref)
      (func (export "run") (result i32) (table.grow $t (ref.null func) (i32.const 60000000)) (i32.const -1) (i32.ne))
      (func (export "modest") (result i32) (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1) (i32.eq)))`)
    const host = newHost()
    const id = await loadPlain(host, grows)
    const before = process.memoryUsage.rss()
    // Returns 1 if it was not refused.
    expect(await host.callRaw(id, 'run')).toHaveLength(0)
    expect(await host.callRaw(id, 'modest')).toHaveLength(0)
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MIB)
  })
})

describe('maxExecutionTime', () => {
  it.each(['200ms', 200, '0.2s', 200.5])(
    '%s ends an endless call then, not earlier and not much later',
    async (maxExecutionTime) => {
      const host = newHost()
      const id = await load(host, 'counter', { permissions: { maxExecutionTime } })
      const { value, elapsed } = await timed(rejection(host.call(id, 'loop')))
      expect(value.code).toBe('Timeout')
      expect(elapsed).toBeGreaterThan(195)
      expect(elapsed).toBeLessThan(3000)
    },
  )

  it('counts each call by itself', async () => {
    const host = newHost()
    const id = await load(host, 'clock', { permissions: { maxExecutionTime: 1200 } })
    for (let round = 0; round < 5; round += 1) expect(await host.call(id, 'spin', 300)).toHaveLength(2)
    expect(await host.callMany(id, 'spin', [300, 300, 300, 300, 300])).toHaveLength(5)
    expect(host.stats(id).generation).toBe(1)
  })

  it('does not count the time that a call waits', async () => {
    const host = newHost()
    const id = await load(host, 'clock', { permissions: { maxExecutionTime: 1200 } })
    const calls = Array.from({ length: 5 }, () => host.call(id, 'spin', 300))
    expect(await Promise.all(calls)).toHaveLength(5)
  })

  it('does not wait for a guest that wants to sleep', async () => {
    const sleepy = await wat(`(module
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      ;; One subscription at 0: userdata 7, a clock, 3,600 seconds from now.
      (func (export "sleep") (result i32)
        (i64.store (i32.const 0) (i64.const 7))
        (i32.store8 (i32.const 8) (i32.const 0))
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 3600000000000))
        (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))`)
    const host = newHost()
    const id = await loadPlain(host, sleepy)
    const { elapsed } = await timed(host.callRaw(id, 'sleep'))
    expect(elapsed).toBeLessThan(3000)
  })
})

describe('maxOutput', () => {
  const echo = (host: ExtensionHost, maxOutput: string | number) => load(host, 'echo', { permissions: { maxOutput } })

  it.each(['64KiB', 65_536])('%s lets an answer of just that length pass, and no byte more', async (maxOutput) => {
    const host = newHost()
    const id = await echo(host, maxOutput)
    expect(await host.callRaw(id, 'echo', new Uint8Array(65_536))).toHaveLength(65_536)
    const error = await rejection(host.callRaw(id, 'echo', new Uint8Array(65_537)))
    expect(error).toMatchObject({ code: 'MemoryLimit', extension: 'echo', method: 'echo' })
    expect(error.message).toMatch(/65537.*maxOutput/)
    expect(await host.callRaw(id, 'echo', 'still')).toHaveLength(5)
  })

  it('bounds what initialize answers too', async () => {
    expect(await rejection(echo(newHost(), 10))).toMatchObject({ code: 'MemoryLimit', method: 'initialize' })
  })

  it('gives a guest no output that it does not have', async () => {
    const boasts = await wat(`(module
      (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
      (func (export "huge") (call $output_set (i64.const 0) (i64.const -1)))
      (func (export "outside") (call $output_set (i64.const 0x7fffffffffff) (i64.const 100))))`)
    const host = newHost()
    const id = await loadPlain(host, boasts)
    expect(await rejection(host.callRaw(id, 'huge'))).toMatchObject({ code: 'MemoryLimit' })
    expect(await rejection(host.callRaw(id, 'outside'))).toMatchObject({ code: 'Trap' })
  })
})

describe('maxFuel', () => {
  const counted = (host: ExtensionHost, maxFuel: number) =>
    load(host, 'steps', { lifecycle: 'none', permissions: { maxFuel } })

  async function costs(host: ExtensionHost, id: number, steps: number[]) {
    const fuel: number[] = []
    for (const count of steps) {
      await host.callRaw(id, 'run', String(count))
      fuel.push(host.stats(id).fuel!)
    }
    return fuel
  }

  it('costs the same calls the same, on every instance and every host', async () => {
    const steps = [10, 10, 10, 5000, 10, 10, 1, 1, 100_000]
    const [one, other] = [newHost(), newHost({ cacheDir: false })]
    const first = await costs(one, await counted(one, 1_000_000_000), steps)
    expect(await costs(one, await counted(one, 500_000_000), steps)).toEqual(first)
    expect(await costs(other, await counted(other, 1_000_000_000), steps)).toEqual(first)
    expect(first[1]).toBe(first[2])
  })

  it('costs every step the same', async () => {
    const host = newHost()
    const id = await counted(host, 1_000_000_000)
    // The same number of digits, and the first only to begin like the others.
    const [, one, two, three] = await costs(host, id, [10_000, 10_000, 20_000, 30_000])
    expect(three! - two!).toBe(two! - one!)
    expect((two! - one!) % 10_000).toBe(0)
  })

  it('ends a call that needs more than it was granted, and no other', async () => {
    const host = newHost()
    const measure = await counted(host, 1_000_000_000)
    const [need] = await costs(host, measure, [10_000])
    const enough = await counted(host, need!)
    expect(await host.callRaw(enough, 'run', '10000')).toHaveLength(0)
    // The engine looks at each turn of a loop and at each call, not at each instruction.
    const short = await counted(host, need! - 100)
    expect(await rejection(host.callRaw(short, 'run', '10000'))).toMatchObject({
      code: 'FuelExhausted',
      extension: 'steps',
      method: 'run',
    })
    expect(host.stats(short)).toMatchObject({ generation: 2, errorsByCode: { FuelExhausted: 1 } })
  })

  it('is granted anew for each call', async () => {
    const host = newHost()
    const id = await counted(host, 20_000)
    for (let round = 0; round < 20; round += 1) await host.callRaw(id, 'run', '1000')
    expect(await rejection(host.callRaw(id, 'run', '100000'))).toMatchObject({ code: 'FuelExhausted' })
    expect(await host.callRaw(id, 'run', '1000')).toHaveLength(0)
  })

  it('ends an endless start-up too', async () => {
    expect(
      await rejection(load(newHost(), 'lifecycle', { config: { do: 'l' }, permissions: { maxFuel: 1_000_000 } })),
    ).toMatchObject({ code: 'FuelExhausted', extension: 'lifecycle', method: 'initialize' })
  })
})

describe('a guest without grants', () => {
  it('has no network: http_request is a Trap', async () => {
    const calls = await wat(`(module
      (import "extism:host/env" "http_request" (func $http (param i64 i64) (result i64)))
      (func (export "fetch") (drop (call $http (i64.const 0) (i64.const 0)))))`)
    const host = newHost()
    const id = await loadPlain(host, calls)
    const error = await rejection(host.callRaw(id, 'fetch'))
    expect(error).toMatchObject({ code: 'Trap', method: 'fetch' })
    expect(error.message).toContain('http_request')
  })

  it('has no files, no environment and no arguments', async () => {
    const looks = await wat(`(module
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "environment") (result i32) (drop (call $environ (i32.const 0) (i32.const 4))) (i32.load (i32.const 0)))
      (func (export "arguments") (result i32) (drop (call $args (i32.const 0) (i32.const 4))) (i32.load (i32.const 0)))
      ;; 8 is EBADF: there is no such directory.
      (func (export "directories") (result i32) (i32.ne (call $prestat (i32.const 3) (i32.const 16)) (i32.const 8))))`)
    const host = newHost()
    const id = await loadPlain(host, looks)
    // Each returns 0 where there is nothing; any other number would be an error.
    for (const method of ['environment', 'arguments', 'directories'])
      expect(await host.callRaw(id, method)).toHaveLength(0)
  })

  it('can end itself, but not the process', async () => {
    const quits = await wat(`(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "quit") (call $exit (i32.const 3))))`)
    const host = newHost()
    const id = await loadPlain(host, quits)
    const error = await rejection(host.callRaw(id, 'quit'))
    expect(error).toMatchObject({ code: 'Trap', method: 'quit' })
    expect(error.message).toContain('exit code 3')
  })
})
