import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Permissions } from '@finos/morphir-extension-host'
import { runWell } from './support/child.ts'
import { temporaryDirectory } from './support/directory.ts'

const PAGE = 4096

/** Whether this process may mount a file system of its own, which root in a container often may not. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const directory = join(process.env.MORPHIR_TEST_DIRECTORY!, 'mount')
  mkdirSync(directory, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', directory]).status === 0
  if (mounted) spawnSync('umount', [directory])
  return mounted
}

/** A file system with so many bytes and files, which goes when the test ends. */
function fileSystem({ size = 16 * 1024 * 1024, files = 1000 }: { size?: number; files?: number }): string {
  const directory = temporaryDirectory()
  const options = `size=${size},nr_inodes=${files},mode=700`
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory])
  if (status !== 0) throw new Error(`A file system cannot be mounted: ${stderr.toString()}`)
  onTestFinished(() => {
    // Lazily, because the engine may still be at its books.
    spawnSync('umount', ['--lazy', directory])
  })
  return directory
}

/** Fills a file system but for so many bytes, and answers what to remove again. */
function fill(directory: string, left: number): string {
  const ballast = join(directory, 'ballast')
  const { bavail, bsize } = statfsSync(directory)
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - left)))
  return ballast
}

/** Loads the counter in a process of its own; it counts and recovers from a fault, or the test fails. */
async function load(cacheDir: string, permissions: Permissions = {}): Promise<void> {
  const [counts] = await runWell(
    `const host = new ExtensionHost({ cacheDir: ${JSON.stringify(cacheDir)} })
     const id = await load(host, 'counter', { permissions: ${JSON.stringify(permissions)} })
     const counts = [await host.call(id, 'count')]
     await host.call(id, 'trap').catch(() => {})
     print([...counts, await host.call(id, 'count')])
     await host.close()`,
  )
  expect(counts).toEqual([101, 101])
}

/** What is in a cache, but for the engine's own bookkeeping, which comes and goes. */
function contents(cacheDir: string): Record<string, string> {
  if (!existsSync(cacheDir)) return {}
  return Object.fromEntries(
    readdirSync(cacheDir, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.stats') && !entry.name.startsWith('.cleanup'))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((path) => [path, readFileSync(path).toString('base64')]),
  )
}

/** With room again, an entry that was not whole is made whole, and then found. */
async function expectMended(cacheDir: string, permissions?: Permissions): Promise<void> {
  const broken = contents(cacheDir)
  await load(cacheDir, permissions)
  const mended = contents(cacheDir)
  expect(mended).not.toEqual(broken)
  expect(Object.keys(mended).length).toBeGreaterThanOrEqual(4)
  expect(Object.keys(mended).filter((path) => path.includes('.tmp'))).toEqual([])
  await load(cacheDir, permissions)
  expect(contents(cacheDir)).toEqual(mended)
}

const mountable = canMount()

describe.skipIf(!mountable)(
  `a cache on a full file system${mountable ? '' : ' (skipped: only root on Linux can mount one, and not in every container)'}`,
  () => {
    // An entry of this guest needs ten pages: each of these leaves off in the middle of another file.
    it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
      'costs a compile and leaves no broken entry, with %i pages left',
      { timeout: 60_000 },
      async (pages) => {
        const directory = fileSystem({})
        const cacheDir = join(directory, 'cache')
        mkdirSync(cacheDir, { mode: 0o700 })
        const ballast = fill(directory, pages * PAGE)
        await load(cacheDir)
        await load(cacheDir)
        rmSync(ballast)
        await expectMended(cacheDir)
      },
    )

    it.each([3, 4, 5, 6, 8])(
      'that takes no more files costs a compile, with room for %i in all',
      { timeout: 60_000 },
      async (files) => {
        const directory = fileSystem({ files })
        const cacheDir = join(directory, 'cache')
        mkdirSync(cacheDir, { mode: 0o700 })
        await load(cacheDir)
        await load(cacheDir)
        spawnSync('mount', ['-o', 'remount,nr_inodes=1000', directory])
        await expectMended(cacheDir)
      },
    )

    it.each([0, 3, 7])(
      'that becomes full under a host that is at work costs a compile, with %i pages left',
      { timeout: 60_000 },
      async (pages) => {
        const directory = fileSystem({})
        const cacheDir = join(directory, 'cache')
        const permissions = { maxMemory: '8MiB' }
        const [counts] = await runWell(
          `const host = new ExtensionHost({ cacheDir: ${JSON.stringify(cacheDir)} })
           const before = await load(host, 'counter')
           const { bavail, bsize } = fs.statfsSync(${JSON.stringify(directory)})
           fs.writeFileSync(${JSON.stringify(join(directory, 'ballast'))}, Buffer.alloc((bavail - ${pages}) * bsize))
           const after = await load(host, 'counter', { permissions: ${JSON.stringify(permissions)}, instances: 2 })
           await host.call(before, 'trap').catch(() => {})
           print([await host.call(before, 'count'), await host.call(after, 'count')])
           await host.close()`,
        )
        expect(counts).toEqual([101, 101])
        rmSync(join(directory, 'ballast'))
        await expectMended(cacheDir, permissions)
      },
    )
  },
)
