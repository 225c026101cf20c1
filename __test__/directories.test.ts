import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Permissions } from '@finos/morphir-extension-host'
import { temporaryDirectory } from './support/directory.ts'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

/** A directory with a file, beside a secret, and an extension with these grants. */
async function granted(permissions: (directory: string) => Permissions) {
  const above = temporaryDirectory()
  const directory = join(above, 'granted')
  mkdirSync(directory)
  writeFileSync(join(directory, 'note.txt'), 'a note')
  writeFileSync(join(above, 'secret.txt'), 'a secret')
  symlinkSync(join(above, 'secret.txt'), join(directory, 'way-out'))
  symlinkSync('note.txt', join(directory, 'another-name'))
  const host = newHost()
  const id = await load(host, 'directory', { lifecycle: 'none', permissions: permissions(directory) })
  const call = async (method: string, path = '') => new TextDecoder().decode(await host.callRaw(id, method, path))
  return { above, directory, call }
}

describe('an extension without directories', () => {
  it('finds none', async () => {
    const { call } = await granted(() => ({}))
    expect(await rejection(call('read', 'note.txt'))).toMatchObject({ code: 'ExtensionError' })
    expect(await rejection(call('write', 'new.txt'))).toMatchObject({ code: 'ExtensionError' })
    expect(await rejection(call('name'))).toMatchObject({ code: 'ExtensionError' })
  })
})

describe.each<[string, (directory: string) => Permissions, boolean]>([
  ['filesystem', (directory) => ({ filesystem: [directory] }), true],
  ['readonlyPaths', (directory) => ({ readonlyPaths: [directory] }), false],
  ['readonly_paths', (directory) => ({ readonly_paths: [directory] }) as Permissions, false],
])('%s', (_, permissions, writable) => {
  it('lets the extension read what is beneath', async () => {
    const { call } = await granted(permissions)
    expect(await call('read', 'note.txt')).toBe('a note')
    expect(await call('read', 'another-name')).toBe('a note')
  })

  it('lets it write only where writing was granted', async () => {
    const { call, directory } = await granted(permissions)
    if (writable) {
      await call('write', 'new.txt')
      expect(readFileSync(join(directory, 'new.txt'), 'utf8')).toBe('the extension was here')
    } else {
      expect(await rejection(call('write', 'new.txt'))).toMatchObject({ code: 'ExtensionError' })
      expect(await rejection(call('write', 'note.txt'))).toMatchObject({ code: 'ExtensionError' })
      expect(existsSync(join(directory, 'new.txt'))).toBe(false)
      expect(readFileSync(join(directory, 'note.txt'), 'utf8')).toBe('a note')
    }
  })

  it.each(['../secret.txt', '/etc/hostname', 'way-out', '../granted/../secret.txt', './././../secret.txt'])(
    'does not let it out through %s',
    async (path) => {
      const { call, above } = await granted(permissions)
      expect(await rejection(call('read', path))).toMatchObject({ code: 'ExtensionError' })
      expect(await rejection(call('write', path))).toMatchObject({ code: 'ExtensionError' })
      expect(readFileSync(join(above, 'secret.txt'), 'utf8')).toBe('a secret')
    },
  )
})

describe('a granted directory', () => {
  it('is called by its path, or by the name that it was given', async () => {
    const plain = await granted((directory) => ({ filesystem: [directory] }))
    expect(await plain.call('name')).toBe(plain.directory)
    const named = await granted((directory) => ({ readonlyPaths: [{ path: directory, guestPath: '/models' }] }))
    expect(await named.call('name')).toBe('/models')
  })

  it('may be given by a path from the working directory', async () => {
    const { call } = await granted((directory) => ({ filesystem: [relative(process.cwd(), directory)] }))
    expect(await call('read', 'note.txt')).toBe('a note')
  })

  it('is there for each instance, and after a fault', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'note.txt'), 'a note')
    const host = newHost()
    const id = await load(host, 'directory', {
      lifecycle: 'none',
      instances: 3,
      permissions: { readonlyPaths: [directory] },
    })
    const notes = await Promise.all(Array.from({ length: 9 }, () => host.callRaw(id, 'read', 'note.txt')))
    for (const note of notes) expect(new TextDecoder().decode(note)).toBe('a note')
  })

  it.each([
    ['is not there', 'IoError', '/nowhere/at/all'],
    ['is a file', 'IoError', new URL(import.meta.url).pathname],
  ])('that %s costs the load an %s', async (_, code, path) => {
    for (const permissions of [{ filesystem: [path] }, { readonlyPaths: [{ path, guestPath: '/x' }] }]) {
      const error = await rejection(load(newHost(), 'directory', { lifecycle: 'none', permissions }))
      expect(error).toMatchObject({ code, extension: 'directory' })
      expect(error.message).toContain(path)
    }
  })

  it.each([
    ['text', '/tmp'],
    ['a number', [5]],
    ['an object without a path', [{ guestPath: '/x' }]],
    ['an entry there is not', [{ path: '/tmp', guestPath: '/x', mode: 'rw' }]],
  ])('written as %s is InvalidConfig', async (_, filesystem) => {
    expect(
      await rejection(load(newHost(), 'directory', { lifecycle: 'none', permissions: { filesystem } as never })),
    ).toMatchObject({
      code: 'InvalidConfig',
      extension: 'directory',
    })
  })
})
