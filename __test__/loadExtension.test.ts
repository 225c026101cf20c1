import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ExtensionError, type ExtensionConfig } from '@finos/morphir-extension-host'
import { temporaryDirectory } from './support/directory.ts'
import { guest, wat } from './support/guest.ts'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const source = { type: 'wasm', bytes: EMPTY } as const

/** What comes of a configuration that types would not let pass. */
function refused(config: unknown, options?: unknown): Promise<ExtensionError> {
  return rejection(newHost({ cacheDir: false }).loadExtension(config as ExtensionConfig, options as never))
}

describe('loadExtension() with wrong arguments', () => {
  it.each([
    ['no configuration', undefined, 'The configuration'],
    ['null', null, 'The configuration'],
    ['a path', './extension.wasm', 'The configuration'],
    ['no name', { source }, 'name'],
    ['a name that is a number', { name: 7, source }, 'name'],
    ['no source', { name: 'x' }, 'source'],
    ['a source that is a path', { name: 'x', source: './extension.wasm' }, 'source'],
    ['a source without a type', { name: 'x', source: { bytes: EMPTY } }, 'source.type'],
    ['bytes that are an array', { name: 'x', source: { type: 'wasm', bytes: [0, 1] } }, 'source.bytes'],
    ['bytes that are an ArrayBuffer', { name: 'x', source: { type: 'wasm', bytes: EMPTY.buffer } }, 'source.bytes'],
    ['bytes that are text', { name: 'x', source: { type: 'wasm', bytes: '(module)' } }, 'source.bytes'],
    ['a path that is a number', { name: 'x', source: { type: 'wasm', path: 7 } }, 'source.path'],
    ['permissions that are text', { name: 'x', source, permissions: 'all' }, 'permissions'],
    ['a config that is text', { name: 'x', source, config: '{}' }, 'config'],
    ['a config that is an array', { name: 'x', source, config: [] }, 'config'],
    ['instances that are text', { name: 'x', source, instances: '2' }, 'instances'],
  ])('rejects with a TypeError for %s, naming it', async (_, config, name) => {
    const error = await refused(config)
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain(name)
  })

  it.each([
    ['options that are null', null],
    ['an option there is not', { timeout: 5 }],
    ['a signal that is none', { signal: true }],
    ['a signal that is null', { signal: null }],
  ])('rejects with a TypeError for %s', async (_, options) => {
    expect(await refused({ name: 'x', source }, options)).toBeInstanceOf(TypeError)
  })

  it('rejects with a TypeError for a config that is no JSON', async () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    expect(await refused({ name: 'x', source, config: cyclic })).toBeInstanceOf(TypeError)
    expect(await refused({ name: 'x', source, config: { big: 1n } })).toBeInstanceOf(TypeError)
  })

  it('rejects with an error for a URL that is no file', async () => {
    const error = await refused({ name: 'x', source: { type: 'wasm', path: new URL('https://example.org/x.wasm') } })
    expect(error).toMatchObject({ code: 'ERR_INVALID_URL_SCHEME' })
  })

  it.each([
    ['an empty name', { name: '', source }, 'name'],
    ['a name of blanks', { name: '  ', source }, 'name'],
    ['a name with a line break', { name: 'a\nb', source }, 'name'],
    ['a name of 257 letters', { name: 'x'.repeat(257), source }, 'name'],
    ['an entry there is not', { name: 'x', source, surprise: true }, 'surprise'],
    ['a source entry there is not', { name: 'x', source: { ...source, url: 'x' } }, 'url'],
    ['a hash that is none', { name: 'x', source: { ...source, sha256: 'abc' } }, 'sha256'],
    ['no instances', { name: 'x', source, instances: 0 }, 'instances'],
    ['half an instance', { name: 'x', source, instances: 0.5 }, '0.5'],
    ['1025 instances', { name: 'x', source, instances: 1025 }, 'instances'],
    ['instances that are not a number', { name: 'x', source, instances: Number.NaN }, 'null'],
    ['a lifecycle there is not', { name: 'x', source, lifecycle: 'forever' }, 'forever'],
    ['a permission there is not', { name: 'x', source, permissions: { threads: 2 } }, 'threads'],
    ['a memory without a number', { name: 'x', source, permissions: { maxMemory: 'lots' } }, 'lots'],
    ['a memory of less than 20 pages', { name: 'x', source, permissions: { maxMemory: 1_310_719 } }, 'memory'],
    ['a memory of more than 4 GiB', { name: 'x', source, permissions: { maxMemory: '5GiB' } }, 'memory'],
    ['a memory written twice', { name: 'x', source, permissions: { maxMemory: '4MiB', max_memory: '4MiB' } }, 'memory'],
    ['a time without a unit', { name: 'x', source, permissions: { maxExecutionTime: 'soon' } }, 'soon'],
    ['no time at all', { name: 'x', source, permissions: { maxExecutionTime: 0 } }, 'execution_time'],
    ['a negative time', { name: 'x', source, permissions: { maxExecutionTime: -5 } }, '-5'],
    ['two days', { name: 'x', source, permissions: { maxExecutionTime: '2days' } }, 'a day'],
    ['no output at all', { name: 'x', source, permissions: { maxOutput: 0 } }, 'output'],
    ['no fuel at all', { name: 'x', source, permissions: { maxFuel: 0 } }, 'fuel'],
    ['fuel that is text', { name: 'x', source, permissions: { maxFuel: 'much' } }, 'much'],
  ])('rejects with InvalidConfig for %s, naming it and the extension', async (_, config, name) => {
    const error = await refused(config)
    expect(error).toBeInstanceOf(ExtensionError)
    expect(error.code).toBe('InvalidConfig')
    expect(error.message).toContain(name)
    expect(error.extension).toBe(config.name)
  })
})

describe('loadExtension() with a wrong source', () => {
  it.each([
    ['another type', { type: 'jar', path: 'x.jar' }, '"jar"'],
    ['neither path nor bytes', { type: 'wasm' }, 'neither'],
    ['both path and bytes', { type: 'wasm', path: 'x.wasm', bytes: EMPTY }, 'both'],
    ['an empty path', { type: 'wasm', path: '' }, 'empty'],
    ['no bytes', { type: 'wasm', bytes: new Uint8Array() }, 'empty'],
    ['bytes that are text', { type: 'wasm', bytes: new TextEncoder().encode('(module)') }, 'not WebAssembly'],
    [
      'a manifest, which could grant itself anything',
      { type: 'wasm', bytes: new TextEncoder().encode('{"wasm":[],"allowed_hosts":["*"]}') },
      'not WebAssembly',
    ],
    ['a header that is cut off', { type: 'wasm', bytes: EMPTY.subarray(0, 6) }, 'cut off'],
    ['another version', { type: 'wasm', bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0) }, 'version 2'],
    ['a component', { type: 'wasm', bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0) }, 'component'],
    ['more than 64 MiB', { type: 'wasm', bytes: new Uint8Array(64 * 1024 * 1024 + 1) }, 'larger than'],
  ])('rejects with InvalidSource for %s', async (_, source, words) => {
    const error = await refused({ name: 'x', source })
    expect(error).toMatchObject({ code: 'InvalidSource', extension: 'x' })
    expect(error.message).toContain(words)
  })

  it('rejects with InvalidSource for a module that is cut off, wherever that is', async () => {
    const host = newHost({ cacheDir: false })
    const whole = await guest('echo')
    for (let length = 9; length < whole.length; length += 97) {
      const error = await rejection(loadPlain(host, whole.subarray(0, length)))
      expect(error.code, `${length} of ${whole.length} bytes`).toBe('InvalidSource')
    }
  })

  it('rejects with InvalidSource for an import that is not offered, naming it', async () => {
    const wanting = await wat('(module (import "env" "launch" (func (param i32))))')
    const error = await rejection(loadPlain(newHost(), wanting))
    expect(error.code).toBe('InvalidSource')
    expect(error.message).toContain('env::launch as (i32) -> ()')
  })

  it('rejects with IoError for a file that is not there, with what is underneath as cause', async () => {
    const path = join(temporaryDirectory(), 'missing.wasm')
    const error = await refused({ name: 'x', source: { type: 'wasm', path } })
    expect(error).toMatchObject({ code: 'IoError', extension: 'x', cause: expect.any(Error) })
    expect(error.message).toContain(path)
  })

  it('rejects with IoError for a directory', async () => {
    const error = await refused({ name: 'x', source: { type: 'wasm', path: temporaryDirectory() } })
    expect(error.code).toBe('IoError')
  })

  it.skipIf(process.platform === 'win32')(
    'rejects with IoError for a pipe, instead of waiting for its other end (there are none on Windows)',
    async () => {
      const path = join(temporaryDirectory(), 'pipe')
      execFileSync('mkfifo', [path])
      expect(await refused({ name: 'x', source: { type: 'wasm', path } })).toMatchObject({ code: 'IoError' })
    },
  )
})

describe('loadExtension()', () => {
  it('answers an id that is a whole number', async () => {
    const id = await load(newHost(), 'echo')
    expect(Number.isSafeInteger(id)).toBe(true)
  })

  it('never uses an id again, not even that of a load that failed', async () => {
    const host = newHost()
    const ids = new Set<number>()
    for (let round = 0; round < 5; round += 1) {
      const id = await load(host, 'echo')
      expect(ids.has(id)).toBe(false)
      ids.add(id)
      await host.unloadExtension(id)
      await rejection(load(host, 'lifecycle', { config: { do: 't' } }))
    }
    expect(ids.size).toBe(5)
  })

  it('takes a path, absolute or relative, a file URL, a Uint8Array and a Buffer', async () => {
    const path = join(temporaryDirectory(), 'a name with späces.wasm')
    const bytes = await guest('echo')
    writeFileSync(path, bytes)
    const host = newHost()
    const sources: ExtensionConfig['source'][] = [
      { type: 'wasm', path },
      { type: 'wasm', path: relative(process.cwd(), path) },
      { type: 'wasm', path: pathToFileURL(path) },
      { type: 'wasm', bytes },
      { type: 'wasm', bytes: Buffer.from(bytes) },
      { type: 'wasm', bytes: Uint8Array.from([...[9, 9], ...bytes, 9]).subarray(2, 2 + bytes.length) },
    ]
    for (const source of sources) {
      const id = await host.loadExtension({ name: 'echo', source })
      expect(await host.call(id, 'echo', { source: 'read' })).toEqual({ source: 'read' })
    }
  })

  it('copies the bytes: changing them afterwards changes nothing', async () => {
    const host = newHost()
    const bytes = Uint8Array.from(await guest('echo'))
    const loading = host.loadExtension({ name: 'echo', source: { type: 'wasm', bytes } })
    bytes.fill(0)
    expect(await host.call(await loading, 'echo', 1)).toBe(1)
  })

  it('compares the SHA-256 of bytes and of a file, in small and in capital letters', async () => {
    const host = newHost()
    const bytes = await guest('echo')
    const path = join(temporaryDirectory(), 'echo.wasm')
    writeFileSync(path, bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await host.loadExtension({ name: 'echo', source: { type: 'wasm', bytes, sha256 } })
    await host.loadExtension({ name: 'echo', source: { type: 'wasm', path, sha256: sha256.toUpperCase() } })

    const other = createHash('sha256').update('another').digest('hex')
    for (const source of [{ bytes }, { path }] as const) {
      const error = await rejection(
        host.loadExtension({ name: 'echo', source: { type: 'wasm', sha256: other, ...source } }),
      )
      expect(error).toMatchObject({ code: 'InvalidSource', extension: 'echo' })
      expect(error.message).toContain(sha256)
      expect(error.message).toContain(other)
    }
    expect(host.list()).toHaveLength(2)
  })

  it('hands its config to initialize as JSON, and {} where there is none', async () => {
    const host = newHost()
    const config = { greeting: 'håll å', nested: { list: [1, 2.5, null] } }
    const id = await load(host, 'lifecycle', { config })
    expect(await host.call(id, 'config')).toEqual(config)
    const without = await load(host, 'lifecycle')
    expect(new TextDecoder().decode(await host.callRaw(without, 'config'))).toBe('{}')
  })

  it("hands each entry of its config to Extism's configuration as text", async () => {
    const host = newHost()
    const id = await load(host, 'plain', {
      lifecycle: 'none',
      config: { word: 'hej', number: 5, object: { list: [1] } },
    })
    const entry = async (name: string) => new TextDecoder().decode(await host.callRaw(id, 'config', name))
    expect(await entry('word')).toBe('hej')
    expect(await entry('number')).toBe('5')
    expect(await entry('object')).toBe('{"list":[1]}')
    expect(await entry('nothing')).toBe('')
  })

  it('hands over a config of 20 MB, to several instances too', async () => {
    const host = newHost()
    for (const instances of [1, 2]) {
      const id = await load(host, 'echo', { instances, config: { text: 'x'.repeat(20_000_000) } })
      expect(await host.call(id, 'echo', 1)).toBe(1)
      await host.unloadExtension(id)
    }
  })

  it('initializes each instance once', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { instances: 3 })
    expect(host.stats(id).instances).toBe(3)
    const calls = Array.from({ length: 30 }, () => host.call(id, 'initialized'))
    expect(new Set(await Promise.all(calls))).toEqual(new Set([1]))
  })

  it('keeps two loads of the same module apart', async () => {
    const host = newHost()
    const [one, other] = await Promise.all([load(host, 'counter'), load(host, 'counter')])
    expect(one).not.toBe(other)
    await host.call(one, 'count')
    await host.call(one, 'count')
    expect(await host.call(other, 'count')).toBe(101)
    expect(await host.call(one, 'count')).toBe(103)
  })

  it('takes permissions in camelCase and in snake_case', async () => {
    const host = newHost()
    const seconds = { name: 'counter', source: { type: 'wasm' as const, bytes: await guest('counter') } }
    for (const permissions of [
      { maxMemory: '4MiB', maxExecutionTime: '5s', maxOutput: '1MB', maxFuel: 1_000_000_000 },
      { max_memory: 4 * 1024 * 1024, max_execution_time: 5000, max_output: 1_000_000, max_fuel: 1_000_000_000 },
    ]) {
      const id = await host.loadExtension({ ...seconds, permissions })
      expect(await host.call(id, 'grow')).toBe(64 - 16)
    }
  })

  it('loads many extensions at once', async () => {
    const host = newHost()
    const ids = await Promise.all(Array.from({ length: 40 }, () => load(host, 'counter')))
    expect(new Set(ids).size).toBe(40)
    expect(await Promise.all(ids.map((id) => host.call(id, 'count')))).toEqual(Array(40).fill(101))
  })

  it("loads a plain Extism plug-in with lifecycle 'none', and not without it", async () => {
    const host = newHost()
    const id = await load(host, 'plain', { lifecycle: 'none' })
    expect(await host.call(id, 'echo', [1])).toEqual([1])
    expect(host.capabilities(id)).toEqual([])
    const error = await rejection(load(host, 'plain'))
    expect(error).toMatchObject({ code: 'InitializationFailed', extension: 'plain', method: 'initialize' })
    expect(error.message).toContain('set `dialect` to "raw"')
  })

  it('leaves nothing behind when it fails', async () => {
    const host = newHost()
    for (const letter of ['t', 'e', 'T', 'E']) await rejection(load(host, 'lifecycle', { config: { do: letter } }))
    expect(host.list()).toEqual([])
  })
})

describe("an extension's start-up", () => {
  const start = (letter: string) =>
    load(newHost(), 'lifecycle', {
      config: { do: letter },
      permissions: { maxExecutionTime: '300ms', maxMemory: '4MiB' },
    })

  it.each([
    ['t', 'initialize', 'unreachable', 'trapped'],
    ['e', 'initialize', 'I do not want to start.', 'I do not want to start.'],
    ['b', 'initialize', 'busy', 'ready'],
    ['n', 'initialize', 'nothing', 'ready'],
    ['T', 'capabilities', 'unreachable', 'trapped'],
    ['E', 'capabilities', 'I do not want to start.', 'I do not want to start.'],
    ['N', 'capabilities', 'nothing', 'list'],
    ['G', 'capabilities', 'list', 'list'],
    ['U', 'capabilities', 'name', 'name'],
  ])(
    'that goes wrong (%s in %s) is InitializationFailed, with its reason as message and cause',
    async (letter, method, words, cause) => {
      const error = await rejection(start(letter))
      expect(error).toBeInstanceOf(ExtensionError)
      expect(error).toMatchObject({ code: 'InitializationFailed', extension: 'lifecycle', method })
      expect(error.message).toContain(words)
      expect((error.cause as Error).message).toContain(cause)
    },
  )

  it.each([
    ['l', 'Timeout', 'initialize'],
    ['L', 'Timeout', 'capabilities'],
    ['h', 'MemoryLimit', 'initialize'],
    ['H', 'MemoryLimit', 'capabilities'],
  ])('that goes beyond a limit (%s) is %s in %s', async (letter, code, method) => {
    expect(await rejection(start(letter))).toMatchObject({ code, extension: 'lifecycle', method })
  })

  it.each([
    ['a start section', '(start $run)'],
    ['_initialize', '(export "_initialize" (func $run))'],
    ['__wasm_call_ctors', '(export "__wasm_call_ctors" (func $run))'],
  ])('cannot run on without end in %s', async (_, how) => {
    const endless = await wat(`(module (func $run (loop $forever (br $forever))) (func (export "run")) ${how})`)
    const error = await rejection(loadPlain(newHost(), endless, { permissions: { maxExecutionTime: 100 } }))
    expect(error.code).toBe('Timeout')
  })

  it('that logs in a start section is safe', async () => {
    const logging = await wat(`(module
      (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
      (import "extism:host/env" "log_error" (func $log (param i64)))
      (func $run (call $log (call $alloc (i64.const 4))))
      (func (export "run"))
      (start $run))`)
    const messages: string[] = []
    const host = newHost({ onLog: ({ message }) => messages.push(message) })
    await loadPlain(host, logging)
    expect(messages).toEqual(['\0\0\0\0'])
  })

  it('in a start section runs once', async () => {
    const counting = await wat(`(module
      (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
      (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
      (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
      (global $runs (mut i32) (i32.const 0))
      (func $run (global.set $runs (i32.add (global.get $runs) (i32.const 1))))
      (func (export "runs") (local $digit i64)
        (local.set $digit (call $alloc (i64.const 1)))
        (call $store_u8 (local.get $digit) (i32.add (i32.const 0x30) (global.get $runs)))
        (call $output_set (local.get $digit) (i64.const 1)))
      (start $run))`)
    const host = newHost()
    const id = await loadPlain(host, counting)
    expect(await host.call(id, 'runs')).toBe(1)
  })
})
