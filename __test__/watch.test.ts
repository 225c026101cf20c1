import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LoadedEvent, WatchOptions } from '@finos/morphir-extension-host'
import { run } from './support/child.ts'
import { temporaryDirectory } from './support/directory.ts'
import { guest, numbered } from './support/guest.ts'
import { load, newHost } from './support/host.ts'
import { project } from './support/project.ts'
import { until } from './support/promise.ts'
import { WRONG_IDS } from './support/wrong.ts'

/** An extension from a file of its own, and everything that its watcher said. */
async function watched(options: WatchOptions = {}) {
  const path = join(temporaryDirectory(), 'extension.wasm')
  writeFileSync(path, await numbered(1))
  const host = newHost()
  const id = await host.loadExtension({ name: 'watched', source: { type: 'wasm', path }, dialect: 'raw' })
  const reloads: LoadedEvent[] = []
  const errors: Error[] = []
  const watcher = host.watch(id, {
    debounce: 30,
    onReload: (event) => reloads.push(event),
    onError: (error) => errors.push(error),
    ...options,
  })
  return { host, id, path, watcher, reloads, errors, which: () => host.call(id, 'which') }
}

/** Long enough for a change to be noticed, were anybody looking. */
const aWhile = () => sleep(500)

describe('watch()', () => {
  it.each(WRONG_IDS)('throws a TypeError for %s in place of the id', (_, id) => {
    expect(() => newHost().watch(id as number)).toThrow(TypeError)
  })

  it.each<[string, unknown, ErrorConstructor]>([
    ['options that are null', null, TypeError],
    ['an option there is not', { interval: 5 }, TypeError],
    ['a debounce that is text', { debounce: '1s' }, TypeError],
    ['a debounce of 0', { debounce: 0 }, RangeError],
    ['a debounce that is no number', { debounce: Number.NaN }, RangeError],
    ['a listener that is none', { onReload: true }, TypeError],
    ['an error listener that is none', { onError: 'log' }, TypeError],
    ['a signal that is none', { signal: {} }, TypeError],
  ])('throws for %s', async (_, options, error) => {
    const host = newHost()
    const id = await load(host, 'counter')
    expect(() => host.watch(id, options as WatchOptions)).toThrow(error)
  })

  it('throws NotFound, Closed, and InvalidSource for an extension that came as bytes', async () => {
    const host = newHost()
    expect(() => host.watch(1)).toThrow(expect.objectContaining({ code: 'NotFound' }))
    const id = await load(host, 'counter')
    expect(() => host.watch(id)).toThrow(expect.objectContaining({ code: 'InvalidSource', extension: 'counter' }))
    await host.close()
    expect(() => host.watch(id)).toThrow(expect.objectContaining({ code: 'Closed' }))
  })

  it('loads an extension anew when its file changes, and again', async () => {
    const { id, path, reloads, errors, which } = await watched()
    for (const number of [2, 3]) {
      writeFileSync(path, await numbered(number))
      await until(() => reloads.length === number - 1)
      expect(await which()).toBe(number)
    }
    expect(reloads[0]).toEqual({ id, extension: 'watched', reloaded: true, duration: expect.any(Number) })
    await aWhile()
    expect([reloads.length, errors]).toEqual([2, []])
  })

  it('takes a file that is put in its place, and one in a directory that is made anew', async () => {
    const { path, reloads, which } = await watched()
    writeFileSync(`${path}.new`, await numbered(2))
    renameSync(`${path}.new`, path)
    await until(() => reloads.length === 1)
    expect(await which()).toBe(2)
    rmSync(join(path, '..'), { recursive: true })
    await aWhile()
    expect(await which()).toBe(2)
    mkdirSync(join(path, '..'))
    writeFileSync(path, await numbered(3))
    await until(() => reloads.length === 2)
    expect(await which()).toBe(3)
  })

  it('follows a link', async () => {
    const directory = temporaryDirectory()
    const [one, two, link] = ['one', 'two', 'link'].map((name) => join(directory, name)) as [string, string, string]
    writeFileSync(one, await numbered(1))
    writeFileSync(two, await numbered(2))
    symlinkSync(one, link)
    const host = newHost()
    const id = await host.loadExtension({ name: 'linked', source: { type: 'wasm', path: link }, dialect: 'raw' })
    let count = 0
    host.watch(id, { debounce: 30, onReload: () => (count += 1) })
    symlinkSync(two, `${link}.new`)
    renameSync(`${link}.new`, link)
    await until(() => count === 1)
    expect(await host.call(id, 'which')).toBe(2)
  })

  it('keeps what there is while a file is half written, and says so', async () => {
    const { path, reloads, errors, which } = await watched()
    const next = await numbered(2)
    writeFileSync(path, next.subarray(0, 20))
    await until(() => errors.length === 1)
    expect(errors[0]).toMatchObject({ code: 'InvalidSource', extension: 'watched' })
    expect(await which()).toBe(1)
    writeFileSync(path, next)
    await until(() => reloads.length === 1)
    expect(await which()).toBe(2)
  })

  it('waits until a file has been the same for as long as it is told', async () => {
    const { path, reloads, errors } = await watched({ debounce: 1500 })
    for (let number = 2; number <= 6; number += 1) {
      writeFileSync(path, await numbered(number))
      await sleep(50)
    }
    expect([reloads.length, errors.length]).toEqual([0, 0])
    await until(() => reloads.length === 1)
    await aWhile()
    expect(reloads.length).toBe(1)
  })

  it.each<[string, (at: Awaited<ReturnType<typeof watched>>, controller: AbortController) => unknown]>([
    ['it is closed', ({ watcher }) => watcher.close()],
    ['it is disposed of', ({ watcher }) => watcher[Symbol.dispose]()],
    ['its signal is aborted', (_, controller) => controller.abort()],
    [
      'its extension comes from bytes',
      async ({ host, id }) => host.reload(id, { type: 'wasm', bytes: await numbered(1) }),
    ],
  ])('does nothing more once %s', async (_, end) => {
    const controller = new AbortController()
    const at = await watched({ signal: controller.signal })
    await end(at, controller)
    writeFileSync(at.path, await numbered(2))
    await aWhile()
    expect(at.reloads).toEqual([])
    expect(await at.which()).toBe(1)
    at.watcher.close()
  })

  it('does nothing where its signal was aborted before', async () => {
    const at = await watched({ signal: AbortSignal.abort() })
    writeFileSync(at.path, await numbered(2))
    await aWhile()
    expect(await at.which()).toBe(1)
  })

  it('ends with its extension and with its host', async () => {
    const at = await watched()
    await at.host.unloadExtension(at.id)
    writeFileSync(at.path, await numbered(2))
    await aWhile()
    const other = await watched()
    await other.host.close()
    writeFileSync(other.path, await numbered(2))
    await aWhile()
    expect([at.reloads, at.errors, other.reloads, other.errors]).toEqual([[], [], [], []])
  })

  it('follows its extension to another file', async () => {
    const { host, id, path, reloads, which } = await watched()
    await host.reload(id, { type: 'wasm', path: `${path}.2` }).catch(() => {})
    writeFileSync(`${path}.2`, await numbered(2))
    await host.reload(id, { type: 'wasm', path: `${path}.2` })
    writeFileSync(path, await numbered(3))
    await aWhile()
    expect(await which()).toBe(2)
    writeFileSync(`${path}.2`, await numbered(4))
    await until(() => reloads.length === 1)
    expect(await which()).toBe(4)
  })

  it('watches what came from a configuration file', async () => {
    const { file, directory } = await project('[extensions.one]\npath = "counter.wasm"', { 'counter.wasm': 'counter' })
    const host = newHost()
    const { loaded } = await host.loadConfig(file)
    let count = 0
    host.watch(loaded[0]!.id, { debounce: 30, onReload: () => (count += 1) })
    writeFileSync(join(directory, 'counter.wasm'), await guest('clock'))
    await until(() => count === 1)
    expect(host.capabilities(loaded[0]!.id).map(({ name }) => name)).toEqual(['spin'])
  })

  it('warns where nobody listens to errors', async () => {
    const warnings: Error[] = []
    const listener = (warning: Error) => warnings.push(warning)
    process.on('warning', listener)
    onTestFinished(() => void process.off('warning', listener))
    const { path } = await watched({ onError: undefined })
    writeFileSync(path, 'not a module')
    await until(() => warnings.length === 1)
    expect(warnings[0]).toMatchObject({ name: 'ExtensionWarning', code: 'InvalidSource' })
    expect(warnings[0]!.message).toContain(path)
  })

  it('does not keep a process alive', async () => {
    const { code, printed } = await run(
      `const host = newHost()
       const id = await load(host, 'counter')
       host.watch(id)
       mark()
       print(await host.call(id, 'count'))`,
      { patience: 10_000 },
    )
    expect([code, printed]).toEqual([0, [101]])
  })
})
