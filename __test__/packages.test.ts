import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from './support/directory.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

interface Platform {
  name: string
  os: string
  cpu: string
  target: string
  file: string
}

interface Packed {
  name: string
  path: string
  files: string[]
}

const scripts = {
  tarball: () =>
    load<{
      packMain(destination: string): Promise<Packed>
      packPlatform(platform: Platform, destination: string): Promise<Packed>
      installTarballs(tarballs: Packed[], directory: string): Promise<void>
      tarballName(name: string, version: string): string
    }>('lib/tarball.mjs'),
  platforms: () =>
    load<{
      platforms: Platform[]
      platformHere(): Platform
      unmatchedTargets(): string[]
      builtAddon(p: Platform): string
    }>('lib/platforms.mjs'),
  elf: () => load<{ isAbove(version: string, other: string): boolean }>('platforms/elf.mjs'),
  requirements: () =>
    load<{ checkAddon(platform: Platform, path: string): Promise<object> }>('platforms/requirements.mjs'),
}

function load<T>(path: string): Promise<T> {
  return import(new URL(`../scripts/${path}`, import.meta.url).href) as Promise<T>
}

/** Runs a script to its end. */
function run(script: string, ...args: string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'scripts', script), ...args], { cwd: ROOT }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout }),
    )
  })
}

describe('the main package', () => {
  it('names the addons of all platforms, of exactly its version, and carries none', async () => {
    const { packMain, installTarballs, tarballName } = await scripts.tarball()
    const { platforms } = await scripts.platforms()
    const directory = temporaryDirectory()
    const packed = await packMain(directory)
    await installTarballs([packed], directory)
    const manifest = JSON.parse(readFileSync(join(directory, 'node_modules', packed.name, 'package.json'), 'utf8')) as {
      version: string
      optionalDependencies: Record<string, string>
      scripts?: object
      devDependencies?: object
    }
    const { version } = manifest
    expect(manifest.optionalDependencies).toEqual(
      Object.fromEntries(platforms.map(({ name }) => [`${packed.name}-${name}`, version])),
    )
    expect([manifest.scripts, manifest.devDependencies]).toEqual([undefined, undefined])
    expect(packed.files.filter((file) => file.endsWith('.node'))).toEqual([])
    expect(packed.files).toContain('LICENSE')
    expect(existsSync(join(directory, tarballName(packed.name, version)))).toBe(true)
  })
})

/** A platform that nobody has. */
const nowhere = {
  name: 'nowhere',
  os: 'none',
  cpu: 'none',
  target: 'none',
  file: 'none.node',
  directory: ROOT,
  binary: 'none',
}

describe('the package of a platform', () => {
  it('has the addon, the license, and what it is for', async () => {
    const { packPlatform } = await scripts.tarball()
    const directory = temporaryDirectory()
    const platform = { ...nowhere, directory, binary: join(directory, nowhere.file) }
    const manifest = { name: 'nowhere', version: '1.0.0', files: [nowhere.file], main: nowhere.file }
    writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest))
    for (const file of ['README.md', nowhere.file, 'stray.txt']) writeFileSync(join(directory, file), file)
    const { files } = await packPlatform(platform, temporaryDirectory())
    expect(files.toSorted()).toEqual(['LICENSE', 'README.md', 'none.node', 'package.json'])
  })

  it('is not packed without the addon', async () => {
    const { packPlatform } = await scripts.tarball()
    await expect(packPlatform(nowhere, temporaryDirectory())).rejects.toThrow('There is no addon for nowhere.')
  })
})

describe('the platforms', () => {
  it('are those that are built', async () => {
    expect((await scripts.platforms()).unmatchedTargets()).toEqual([])
  })

  it('have the names that Rust has for them', async () => {
    const { platforms } = await scripts.platforms()
    expect(platforms.map(({ name, target }) => `${name} ${target}`)).toEqual([
      'linux-x64-gnu x86_64-unknown-linux-gnu',
      'linux-x64-musl x86_64-unknown-linux-musl',
      'linux-arm64-gnu aarch64-unknown-linux-gnu',
      'linux-arm64-musl aarch64-unknown-linux-musl',
      'darwin-x64 x86_64-apple-darwin',
      'darwin-arm64 aarch64-apple-darwin',
      'win32-x64-msvc x86_64-pc-windows-msvc',
      'win32-arm64-msvc aarch64-pc-windows-msvc',
    ])
  })
})

describe('an addon for Linux', () => {
  it.each([
    ['2.34', '2.17', true],
    ['2.17', '2.17', false],
    ['2.2.5', '2.17', false],
    ['2.17.1', '2.17', true],
    ['3.0', '2.17', true],
    ['2.9', '2.17', false],
  ])('that needs glibc %s is above %s: %s', async (version, other, above) => {
    expect((await scripts.elf()).isAbove(version, other)).toBe(above)
  })

  it.runIf(process.platform === 'linux')(
    'is refused for another processor, and with another C library (made for Linux)',
    async () => {
      const { platforms, platformHere, builtAddon } = await scripts.platforms()
      const { checkAddon } = await scripts.requirements()
      const here = platformHere()
      const other = platforms.filter(({ os, cpu }) => os === 'linux' && cpu !== here.cpu)
      for (const platform of other) {
        await expect(checkAddon(platform, builtAddon(here))).rejects.toThrow(
          `The addon for ${platform.name} is for the processor`,
        )
      }
      const abi = platforms.find(({ name, os, cpu }) => os === 'linux' && cpu === here.cpu && name !== here.name)!
      await expect(checkAddon(abi, builtAddon(here))).rejects.toThrow(`The addon for ${abi.name} needs `)
    },
  )
})

describe('the scripts', () => {
  it.each([
    ['build-platform.mjs', [], 'Which platform?'],
    ['build-platform.mjs', ['linux-x64'], 'There is no platform named "linux-x64"; there are linux-x64-gnu,'],
    ['build-platform.mjs', ['--nothing'], "Unknown option '--nothing'"],
    ['package.mjs', ['--nothing'], "Unknown option '--nothing'"],
    ['publish.mjs', ['--nothing'], "Unknown option '--nothing'"],
    ['installs.mjs', ['--nothing'], 'It takes no --nothing.'],
    ['notes.mjs', ['1.0.0'], "Unexpected argument '1.0.0'"],
    ['check.mjs', ['--only', 'nothing'], 'There is no check named "nothing"; there are lock-files, versions,'],
    ['runtimes.mjs', ['--nothing'], "Unknown option '--nothing'"],
  ])('%s %j refuses what makes no sense, with exit code 2', async (script, args, message) => {
    const { code, stdout } = await run(script, ...args)
    expect(code).toBe(2)
    expect(stdout).toContain(message)
  })
})
