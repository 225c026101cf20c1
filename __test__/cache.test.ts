import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { caught } from './support/caught.ts'
import { run, runWell, type ChildOptions } from './support/child.ts'
import { remove, temporaryDirectory } from './support/directory.ts'
import { file, wat } from './support/guest.ts'
import { load, newHost } from './support/host.ts'

const windows = process.platform === 'win32'
const root = process.getuid?.() === 0
/** The user nobody, as whom root starts processes for whom modes mean something. */
const NOBODY = 65_534

/** Every file below a directory but the engine's own bookkeeping, which comes and goes. */
function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.stats') && !entry.name.startsWith('.cleanup'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

/** Loads the counter in a process of its own, and answers how long that took; it counts to 102, or the test fails. */
async function loadElsewhere(cacheDir: unknown, options: ChildOptions = {}): Promise<number> {
  const [elapsed, counts] = await runWell(
    `const host = new ExtensionHost({ cacheDir: ${JSON.stringify(cacheDir)} })
     const since = performance.now()
     const id = await load(host, 'counter')
     print(performance.now() - since)
     print([await host.call(id, 'count'), await host.call(id, 'count')])
     await host.close()`,
    options,
  )
  expect(counts).toEqual([101, 102])
  return elapsed as number
}

describe('the cache', () => {
  it('is made with access for its user alone, with the directories above it', async () => {
    const directory = join(temporaryDirectory(), 'of', 'mine')
    const host = newHost({ cacheDir: directory })
    await load(host, 'counter')
    expect(files(directory).length).toBeGreaterThan(0)
    if (windows) return
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    for (const entry of readdirSync(directory)) expect(statSync(join(directory, entry)).mode & 0o077).toBe(0)
  })

  it('makes the second load quicker, in a new process', { timeout: 120_000 }, async () => {
    const path = file('many-functions', await manyFunctions(2000))
    const cacheDir = join(temporaryDirectory(), 'cache')
    const measure = async () => {
      const [elapsed, answer] = await runWell(
        `const host = new ExtensionHost({ cacheDir: ${JSON.stringify(cacheDir)} })
         const since = performance.now()
         const id = await host.loadExtension({ name: 'large', source: { type: 'wasm', path: ${JSON.stringify(path)} }, lifecycle: 'none' })
         print(performance.now() - since)
         print((await host.callRaw(id, 'run')).length)`,
        { patience: 60_000 },
      )
      expect(answer).toBe(0)
      return elapsed as number
    }
    const cold = await measure()
    const warm = Math.min(await measure(), await measure())
    console.info(`a load of 2,000 functions: ${cold.toFixed(0)} ms without the cache, ${warm.toFixed(1)} ms from it`)
    expect(warm).toBeLessThan(cold / 3)
  })

  it('is not written to again by a load that found everything', async () => {
    const cacheDir = join(temporaryDirectory(), 'cache')
    await loadElsewhere(cacheDir)
    const state = () => files(cacheDir).map((path) => [path, readFileSync(path).toString('base64')])
    const before = state()
    await loadElsewhere(cacheDir)
    expect(state()).toEqual(before)
  })

  it('keeps modules apart, and the limits that they were prepared for', async () => {
    const cacheDir = join(temporaryDirectory(), 'cache')
    const host = newHost({ cacheDir })
    const small = await load(host, 'counter', { permissions: { maxMemory: '2MiB' } })
    const large = await load(host, 'counter', { permissions: { maxMemory: '4MiB' } })
    const again = await load(newHost({ cacheDir }), 'echo')
    expect(again).toBe(1)
    expect(await host.call(small, 'grow')).toBe(16)
    expect(await host.call(large, 'grow')).toBe(48)
  })

  it('can be filled by several processes at once', async () => {
    const cacheDir = join(temporaryDirectory(), 'cache')
    await Promise.all([1, 2, 3, 4].map(() => loadElsewhere(cacheDir)))
    await loadElsewhere(cacheDir)
    // Nothing half-written is left.
    expect(files(cacheDir).filter((path) => path.endsWith('.tmp'))).toEqual([])
  })
})

describe('a damaged cache costs a compile, not more:', () => {
  /** Fills a cache, damages each of its files in turn, and loads from it. */
  async function damage(change: (path: string, bytes: Buffer) => void) {
    const cacheDir = join(temporaryDirectory(), 'cache')
    await loadElsewhere(cacheDir)
    const sound = files(cacheDir)
    expect(sound.length).toBeGreaterThanOrEqual(4)
    for (const path of sound) {
      change(path, readFileSync(path))
      await loadElsewhere(cacheDir)
      expect(files(cacheDir), 'it is mended').toEqual(expect.arrayContaining(sound))
    }
  }

  it('files that are empty', { timeout: 60_000 }, () => damage((path) => writeFileSync(path, '')))

  it('files that are cut off', { timeout: 60_000 }, () =>
    damage((path, bytes) => writeFileSync(path, bytes.subarray(0, bytes.length - Math.ceil(bytes.length / 3)))),
  )

  it('files with a flipped bit', { timeout: 60_000 }, () =>
    damage((path, bytes) => {
      const place = Math.floor(bytes.length * 0.6)
      bytes[place] = bytes[place]! ^ 0x10
      writeFileSync(path, bytes)
    }),
  )

  it('files full of zeros', { timeout: 60_000 }, () => damage((path, bytes) => writeFileSync(path, bytes.fill(0))))

  it('files that are gone', { timeout: 60_000 }, () => damage((path) => rmSync(path)))

  it('directories in the place of files', async () => {
    const cacheDir = join(temporaryDirectory(), 'cache')
    await loadElsewhere(cacheDir)
    for (const path of files(cacheDir)) {
      rmSync(path, { force: true })
      mkdirSync(path)
      await loadElsewhere(cacheDir)
    }
  })

  it.skipIf(windows)('files that are links to nowhere (Windows needs a privilege for links)', { timeout: 60_000 }, () =>
    damage((path) => {
      rmSync(path)
      symlinkSync('/nowhere', path)
    }),
  )

  it('an entry that is a file', async () => {
    const cacheDir = join(temporaryDirectory(), 'cache')
    await loadElsewhere(cacheDir)
    for (const entry of readdirSync(cacheDir)) {
      rmSync(join(cacheDir, entry), { recursive: true })
      writeFileSync(join(cacheDir, entry), 'a file')
    }
    await loadElsewhere(cacheDir)
  })

  it('a directory that goes while the host lives', async () => {
    const cacheDir = join(temporaryDirectory(), 'cache')
    const host = newHost({ cacheDir })
    await load(host, 'echo')
    await remove(cacheDir)
    const id = await load(host, 'counter', { instances: 2 })
    expect(await host.call(id, 'count')).toBe(101)
    await host.call(id, 'trap').catch(() => {})
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('the module of an extension that is loaded: it recovers from faults all the same', async () => {
    const cacheDir = join(temporaryDirectory(), 'cache')
    const host = newHost({ cacheDir })
    const id = await load(host, 'counter')
    for (const path of files(cacheDir)) writeFileSync(path, 'damaged')
    await host.call(id, 'trap').catch(() => {})
    expect(await host.call(id, 'count')).toBe(101)
  })
})

describe.skipIf(windows)('a cache directory (Windows has no modes to look at)', () => {
  it.each(['777', '770', '722', '702', '1777'])(
    'that others can write to (mode %s) is refused with InvalidConfig',
    (mode) => {
      const directory = temporaryDirectory()
      chmodSync(directory, Number.parseInt(mode, 8))
      const error = caught(() => newHost({ cacheDir: directory }))
      expect(error.code).toBe('InvalidConfig')
      expect(error.message).toContain(directory)
      expect(error.message).toMatch(/written by others/)
    },
  )

  it.each(['700', '755', '750'])('that only its user can write to (mode %s) is taken', async (mode) => {
    const directory = temporaryDirectory()
    chmodSync(directory, Number.parseInt(mode, 8))
    const host = newHost({ cacheDir: directory })
    expect(await host.call(await load(host, 'counter'), 'count')).toBe(101)
    expect(files(directory).length).toBeGreaterThan(0)
  })

  it.skipIf(!root)('that belongs to somebody else is refused with InvalidConfig (only root can make one)', () => {
    const directory = temporaryDirectory()
    chownSync(directory, NOBODY, NOBODY)
    const error = caught(() => newHost({ cacheDir: directory }))
    expect(error.code).toBe('InvalidConfig')
    expect(error.message).toContain(`belongs to user ${NOBODY}`)
    chownSync(directory, 0, 0)
  })

  it('that is a link is judged by where it leads', async () => {
    const [directory, links] = [temporaryDirectory(), temporaryDirectory()]
    symlinkSync(directory, join(links, 'cache'))
    const host = newHost({ cacheDir: join(links, 'cache') })
    await load(host, 'counter')
    expect(files(directory).length).toBeGreaterThan(0)
    chmodSync(directory, 0o777)
    expect(caught(() => newHost({ cacheDir: join(links, 'cache') })).code).toBe('InvalidConfig')
  })

  it.each(['empty', 'filled'])('that is %s and read-only costs a compile at most', async (state) => {
    const cacheDir = join(temporaryDirectory(), 'cache')
    mkdirSync(cacheDir, { mode: 0o700 })
    const user: ChildOptions = root ? { uid: NOBODY, gid: NOBODY, env: { HOME: cacheDir } } : {}
    chmodSync(join(cacheDir, '..'), 0o755)
    if (root) chownSync(cacheDir, NOBODY, NOBODY)
    if (state === 'filled') await loadElsewhere(cacheDir, user)
    const before = files(cacheDir)
    const everything = [
      cacheDir,
      ...readdirSync(cacheDir, { recursive: true, encoding: 'utf8' }).map((name) => join(cacheDir, name)),
    ]
    for (const path of everything) chmodSync(path, statSync(path).isDirectory() ? 0o500 : 0o400)
    await loadElsewhere(cacheDir, user)
    expect(files(cacheDir)).toEqual(before)
    for (const path of everything.toReversed()) chmodSync(path, 0o700)
  })
})

describe('cacheDir', () => {
  /** Loads with a home of its own, and answers what is in it, and in the directory for temporary files, afterwards. */
  async function traces(options: string, last = '', env: Record<string, string> = {}) {
    const home = temporaryDirectory()
    const [caches, temporary] = [join(home, 'caches'), join(home, 'temporary')]
    mkdirSync(temporary)
    const { code, stderr } = await run(
      `const host = new ExtensionHost(${options})
       const id = await load(host, 'counter')
       await host.call(id, 'count')
       ${last}`,
      { env: { HOME: home, XDG_CACHE_HOME: caches, TMPDIR: temporary, LOCALAPPDATA: caches, ...env } },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return files(home).map((path) => path.slice(home.length + 1))
  }

  it.each([
    '',
    'await host.close()',
    'process.exit(0)',
    "host.call(id, 'loop').catch(() => {}); setTimeout(() => process.exit(0), 50)",
  ])('false writes nothing anywhere (%s)', async (last) => {
    expect(await traces('{ cacheDir: false }', last)).toEqual([])
  })

  it.each(['{}', '{ cacheDir: true }'])("%s keeps modules in the user's own cache directory", async (options) => {
    const found = await traces(options)
    expect(found.length).toBeGreaterThan(0)
    for (const path of found) expect(path).toContain('morphir-extension-host')
  })

  it('by default does without where there is none to be had', async () => {
    expect(await traces('{}', '', { XDG_CACHE_HOME: '/proc/nowhere', HOME: '/proc/nowhere' })).toEqual([])
  })
})

/** A module with many functions, each of some work to compile. */
function manyFunctions(count: number): Promise<Uint8Array> {
  const steps = Array.from(
    { length: 30 },
    (_, index) =>
      `(local.set $x (i64.xor (i64.mul (local.get $x) (i64.const ${index + 3})) (i64.rotl (local.get $x) (i64.const ${index}))))`,
  )
  const functions = Array.from(
    { length: count },
    (_, index) => `(func $f${index} (param $x i64) (result i64) ${steps.join(' ')} (local.get $x))`,
  )
  return wat(
    `(module ${functions.join('\n')} (func (export "run") (result i32) (i32.wrap_i64 (i64.and (call $f7 (i64.const 0)) (i64.const 0)))))`,
  )
}
