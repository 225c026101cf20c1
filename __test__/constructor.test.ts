import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ExtensionError, ExtensionHost } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { temporaryDirectory } from './support/directory.ts'
import { load, newHost } from './support/host.ts'

const construct = (options?: unknown) => () => new ExtensionHost(options as never)

describe('new ExtensionHost()', () => {
  it('throws a TypeError for options of the wrong type, naming what it was given', () => {
    expect(construct(null)).toThrow(new TypeError('The options of ExtensionHost must be an object; it is null.'))
    expect(construct([])).toThrow(TypeError)
    expect(construct('cache')).toThrow(/string "cache"/)
    expect(construct(5)).toThrow(TypeError)
    expect(construct(() => {})).toThrow(TypeError)
  })

  it('throws a TypeError for an option there is not, naming those there are', () => {
    expect(construct({ maxConcurentCalls: 2 })).toThrow(TypeError)
    expect(construct({ maxConcurentCalls: 2 })).toThrow(/"maxConcurentCalls".*maxConcurrentCalls/)
  })

  it.each([
    ['cacheDir', 5],
    ['cacheDir', ''],
    ['cacheDir', null],
    ['cacheDir', new URL('file:///tmp')],
    ['maxConcurrentCalls', '3'],
    ['maxConcurrentCalls', 3n],
    ['maxConcurrentCalls', null],
    ['onLog', 'console'],
    ['onLog', {}],
    ['logLevel', 'loud'],
    ['logLevel', 2],
  ])('throws a TypeError for %s: %o', (option, value) => {
    expect(construct({ [option]: value })).toThrow(TypeError)
    expect(construct({ [option]: value })).toThrow(option)
  })

  it.each([0, -1, 1.5, 1025, Number.NaN, Number.POSITIVE_INFINITY])(
    'throws a RangeError for maxConcurrentCalls: %d',
    (maxConcurrentCalls) => {
      expect(construct({ maxConcurrentCalls })).toThrow(RangeError)
    },
  )

  it('is a class: it cannot be called without new', () => {
    expect(() => (ExtensionHost as unknown as () => void)()).toThrow(TypeError)
  })

  it('throws IoError for a cache directory that cannot be made', () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const error = caught(construct({ cacheDir: join(file, 'cache') }))
    expect(error).toBeInstanceOf(ExtensionError)
    expect(error.code).toBe('IoError')
    expect(error.message).toContain(join(file, 'cache'))
  })

  it('throws InvalidConfig or IoError for a cache directory that is a file', () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const error = caught(construct({ cacheDir: file }))
    expect(error).toBeInstanceOf(ExtensionError)
    expect(['InvalidConfig', 'IoError']).toContain(error.code)
  })

  it.each([
    {},
    { cacheDir: false },
    { maxConcurrentCalls: 1 },
    { maxConcurrentCalls: 1024 },
    { onLog: undefined, logLevel: undefined },
  ])('takes %o', async (options) => {
    const host = newHost(options)
    const id = await load(host, 'echo')
    expect(await host.call(id, 'echo', 1)).toBe(1)
  })

  it('can be extended', async () => {
    class Host extends ExtensionHost {
      loaded() {
        return this.list().length
      }
    }
    const host = new Host({ cacheDir: false })
    expect(host.loaded()).toBe(0)
    await host.close()
  })

  it('keeps hosts apart: an id of one means nothing to another', async () => {
    const [one, other] = [newHost(), newHost()]
    const id = await load(one, 'echo')
    await expect(other.call(id, 'echo', 1)).rejects.toMatchObject({ code: 'NotFound' })
    expect(other.list()).toEqual([])
  })
})
