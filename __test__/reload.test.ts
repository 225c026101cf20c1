import { rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Source } from '@finos/morphir-extension-host'
import { file, guest, numbered } from './support/guest.ts'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection, until } from './support/promise.ts'
import { WRONG_IDS } from './support/wrong.ts'

const bytes = (bytes: Uint8Array): Source => ({ type: 'wasm', bytes })

describe('reload()', () => {
  it.each(WRONG_IDS)('rejects with a TypeError for %s in place of the id', async (_, id) => {
    expect(await rejection(newHost().reload(id as number))).toBeInstanceOf(TypeError)
  })

  it.each([
    ['null', null],
    ['a path', './x.wasm'],
    ['a source without a type', { path: './x.wasm' }],
    ['a source whose bytes are text', { type: 'wasm', bytes: 'wasm' }],
    ['a source whose path is a number', { type: 'wasm', path: 5 }],
  ])('rejects with a TypeError for %s in place of the source', async (_, source) => {
    const host = newHost()
    const id = await load(host, 'counter')
    expect(await rejection(host.reload(id, source as unknown as Source))).toBeInstanceOf(TypeError)
  })

  it('rejects with a TypeError for options that are none', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    expect(await rejection(host.reload(id, undefined, { timeout: 5 } as object))).toBeInstanceOf(TypeError)
    expect(await rejection(host.reload(id, undefined, { signal: 5 } as object))).toBeInstanceOf(TypeError)
  })

  it('rejects with NotFound for an id that is not loaded, and Closed after close', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    expect(await rejection(host.reload(99))).toMatchObject({ code: 'NotFound' })
    await host.unloadExtension(id)
    expect(await rejection(host.reload(id))).toMatchObject({ code: 'NotFound' })
    await host.close()
    expect(await rejection(host.reload(id))).toMatchObject({ code: 'Closed' })
  })

  it.each<[string, object, string]>([
    ['a source of another type', { type: 'grpc', path: 'x' }, 'InvalidSource'],
    ['a source with neither path nor bytes', { type: 'wasm' }, 'InvalidSource'],
    ['a source with a key there is not', { type: 'wasm', path: 'x', url: 'y' }, 'InvalidConfig'],
    ['a hash that is none', { type: 'wasm', path: 'x', sha256: 'x' }, 'InvalidConfig'],
    ['a file that is not there', { type: 'wasm', path: '/nowhere/x.wasm' }, 'IoError'],
    ['bytes that are no module', { type: 'wasm', bytes: new Uint8Array(8) }, 'InvalidSource'],
  ])('rejects %s, and the extension is what it was', async (_, source, code) => {
    const host = newHost()
    const id = await load(host, 'counter')
    await host.call(id, 'count')
    expect(await rejection(host.reload(id, source as Source))).toMatchObject({ code, extension: 'counter' })
    expect(await host.call(id, 'count')).toBe(102)
    expect(host.stats(id)).toMatchObject({ generation: 1, calls: 2 })
  })

  it('without a source starts the same module anew, under the same id', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { instances: 2 })
    await host.callMany(id, 'count', [1, 2, 3, 4])
    await host.reload(id)
    expect(await host.callMany(id, 'count', [1, 2])).toContain(101)
    expect(host.stats(id)).toMatchObject({ instances: 2, generation: 2, calls: 6 })
    expect(host.list().map(({ id, name }) => [id, name])).toEqual([[id, 'counter']])
  })

  it('without a source reads the file anew', async () => {
    const host = newHost()
    const path = file('reloaded', await numbered(1))
    const id = await host.loadExtension({ name: 'file', source: { type: 'wasm', path }, lifecycle: 'none' })
    expect(await host.call(id, 'which')).toBe(1)
    writeFileSync(path, await numbered(2))
    expect(await host.call(id, 'which')).toBe(1)
    await host.reload(id)
    expect(await host.call(id, 'which')).toBe(2)
    rmSync(path)
    expect(await rejection(host.reload(id))).toMatchObject({ code: 'IoError' })
    expect(await host.call(id, 'which')).toBe(2)
  })

  it('takes a new source, with its own hash, and knows it from then on', async () => {
    const host = newHost()
    const id = await loadPlain(host, await numbered(1))
    const two = await numbered(2)
    await host.reload(id, { ...bytes(two), sha256: createHash('sha256').update(two).digest('hex') })
    expect(await host.call(id, 'which')).toBe(2)
    expect(await rejection(host.reload(id, { ...bytes(two), sha256: '0'.repeat(64) }))).toMatchObject({
      code: 'InvalidSource',
    })
    const path = file('reloaded-to', await numbered(3))
    await host.reload(id, { type: 'wasm', path })
    writeFileSync(path, await numbered(4))
    await host.reload(id)
    expect(await host.call(id, 'which')).toBe(4)
  })

  it('tells what the new one can do', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    await host.reload(id, bytes(await guest('clock')))
    expect(host.capabilities(id).map(({ name }) => name)).toEqual(['spin'])
    expect(await rejection(host.call(id, 'count'))).toMatchObject({ code: 'MethodNotFound' })
  })

  it('waits for the calls before it; those made meanwhile run on the new one, and none is lost', async () => {
    const host = newHost()
    const id = await loadPlain(host, await numbered(1), { instances: 2 })
    const before = Array.from({ length: 50 }, () => host.call(id, 'which'))
    const reloaded = host.reload(id, bytes(await numbered(2)))
    const after = Array.from({ length: 50 }, () => host.call(id, 'which'))
    await reloaded
    expect(await Promise.all(before)).toEqual(Array(50).fill(1))
    expect(await Promise.all(after)).toEqual(Array(50).fill(2))
    expect(host.stats(id)).toMatchObject({ waiting: 0, running: 0, calls: 100, errors: 0 })
  })

  it('rolls back where the new one does not start: calls made meanwhile run on the one there was, with its state', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { config: { do: 't' } })
    expect(await host.call(id, 'count')).toBe(101)
    const reload = rejection(host.reload(id, bytes(await guest('lifecycle'))))
    const after = Array.from({ length: 10 }, () => host.call(id, 'count'))
    expect(await reload).toMatchObject({ code: 'InitializationFailed', extension: 'counter' })
    expect(await Promise.all(after)).toEqual(Array.from({ length: 10 }, (_, index) => 102 + index))
    expect(host.stats(id)).toMatchObject({ generation: 1 })
  })

  it('follows another in their order', async () => {
    const host = newHost()
    const id = await loadPlain(host, await numbered(1))
    const modules = await Promise.all([2, 3, 4].map(numbered))
    const answers: Promise<unknown>[] = []
    for (const module of modules) {
      void host.reload(id, bytes(module))
      answers.push(host.call(id, 'which'))
    }
    expect(await Promise.all(answers)).toEqual([2, 3, 4])
  })

  it('that is taken back while it waits holds up nothing', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const busy = new AbortController()
    const call = rejection(host.call(id, 'loop', undefined, { signal: busy.signal }))
    await until(() => host.stats(id).running === 1)
    const controller = new AbortController()
    const reload = rejection(host.reload(id, bytes(await guest('clock')), { signal: controller.signal }))
    const after = host.call(id, 'count')
    controller.abort(new Error('not now'))
    expect(await reload).toMatchObject({ code: 'Cancelled', extension: 'counter', cause: { message: 'not now' } })
    busy.abort()
    await call
    expect(await after).toBe(101)
  })

  it('that is taken back while it loads settles at once, and the extension is what it was', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { config: { do: 'l' } })
    await host.call(id, 'count')
    const controller = new AbortController()
    const reload = rejection(host.reload(id, bytes(await guest('lifecycle')), { signal: controller.signal }))
    await until(() => host.stats(id).running === 1)
    const after = host.call(id, 'count')
    controller.abort()
    expect(await reload).toMatchObject({ code: 'Cancelled' })
    expect(await after).toBe(102)
  })

  it('ends with its extension', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { config: { do: 'l' } })
    const reload = rejection(host.reload(id, bytes(await guest('lifecycle'))))
    await until(() => host.stats(id).running === 1)
    const waiting = rejection(host.call(id, 'count'))
    await host.unloadExtension(id, { cancel: true })
    expect(await reload).toMatchObject({ code: 'Cancelled' })
    expect(await waiting).toMatchObject({ code: 'Cancelled' })
    expect(host.list()).toEqual([])
  })

  it('that waits finishes before its extension is unloaded', async () => {
    const host = newHost()
    const id = await loadPlain(host, await numbered(1))
    const reload = host.reload(id, bytes(await numbered(2)))
    const after = host.call(id, 'which')
    await host.unloadExtension(id)
    await reload
    expect(await after).toBe(2)
  })

  it('is cancelled by close, as loads are', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { config: { do: 'l' } })
    const reload = rejection(host.reload(id, bytes(await guest('lifecycle'))))
    await until(() => host.stats(id).running === 1)
    const after = host.call(id, 'count')
    const closed = host.close()
    expect(await reload).toMatchObject({ code: 'Cancelled' })
    expect(await after).toBe(101)
    await closed
  })

  it('lets callSync wait, and then run on the new one', async () => {
    const host = newHost({ threads: 1 })
    const id = await loadPlain(host, await numbered(1))
    const reload = host.reload(id, bytes(await numbered(2)))
    await until(() => host.stats(id).waiting === 0)
    expect(host.callSync(id, 'which')).toBe(2)
    await reload
    await host.close()
  })

  it('tells its listeners', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const told: unknown[] = []
    host.on('extension.loaded', (event) => told.push(event)).on('extension.failed', (event) => told.push(event))
    await host.reload(id)
    const error = await rejection(host.reload(id, { type: 'wasm', path: '/nowhere/x.wasm' }))
    expect(told).toEqual([
      { id, extension: 'counter', reloaded: true, duration: expect.any(Number) },
      { id, extension: 'counter', error },
    ])
  })
})
