import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { remove } from './support/directory.ts'
import { Registry } from './support/registry.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NAME = '@finos/morphir-extension-host'
/** npm is started twice for each of nine packages. */
const PATIENCE = 120_000

interface Platform {
  name: string
  file: string
}

interface Tarballs {
  packMain(destination: string): Promise<{ path: string }>
  packPlatform(platform: Platform & { binary: string }, destination: string): Promise<{ path: string }>
}

const load = (path: string) => import(new URL(`../scripts/lib/${path}`, import.meta.url).href)
const { platforms } = (await load('platforms.mjs')) as { platforms: Platform[] }
const NAMES = [...platforms.map(({ name }) => `${NAME}-${name}`), NAME]

describe('npm run publish:packages', () => {
  let registry: Registry
  let directory: string
  let tarballs: string

  beforeAll(async () => {
    registry = await new Registry().start()
    directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-test-'))
    tarballs = join(directory, 'tarballs')
    const { packMain, packPlatform } = (await load('tarball.mjs')) as Tarballs
    // Addons of other systems are not built here, and nothing here loads them.
    const packed = platforms.map((platform) => {
      const binary = join(directory, platform.file)
      writeFileSync(binary, platform.name)
      return packPlatform({ ...platform, binary }, tarballs)
    })
    await Promise.all([packMain(tarballs), ...packed])
    const token = `${registry.address.replace('http:', '')}:_authToken=none`
    writeFileSync(join(directory, 'npmrc'), `${token}\nregistry=${registry.address}\n`)
  }, PATIENCE)

  afterAll(async () => {
    await registry.stop()
    await remove(directory)
  })

  function publish(...args: string[]): Promise<{ code: number; lines: string[] }> {
    const env = {
      ...process.env,
      NPM_CONFIG_USERCONFIG: join(directory, 'npmrc'),
      NPM_CONFIG_CACHE: join(directory, 'cache'),
      NPM_CONFIG_UPDATE_NOTIFIER: 'false',
      NO_COLOR: '1',
    }
    const command = [join(ROOT, 'scripts', 'publish.mjs'), '--from', tarballs, ...args]
    return new Promise((resolve) => {
      execFile(process.execPath, command, { env, timeout: PATIENCE }, (error, stdout) =>
        resolve({ code: error === null ? 0 : Number(error.code), lines: stdout.split('\n') }),
      )
    })
  }

  const saying = (lines: string[], what: string) => lines.filter((line) => line.includes(what)).length

  it(
    'says first what it would publish',
    async () => {
      const { code, lines } = await publish('--dry-run')
      expect([code, saying(lines, 'would be published'), registry.published.length]).toEqual([0, NAMES.length, 0])
    },
    PATIENCE,
  )

  it(
    'goes on where it broke off, with the main package last, and then has nothing left to do',
    async () => {
      registry.room = 3
      const broken = await publish()
      expect(broken.code).toBe(1)
      expect(broken.lines.join('\n')).toContain('no room')
      expect(broken.lines.join('\n')).toContain('run it again: what is published already is left as it is.')
      expect(registry.published.map(({ name }) => name)).toEqual(NAMES.slice(0, 3))

      registry.room = Infinity
      const second = await publish()
      expect([second.code, saying(second.lines, 'is there already')]).toEqual([0, 3])
      expect(registry.published.map(({ name }) => name)).toEqual(NAMES)
      expect(registry.published.flatMap((each) => Object.keys(each['dist-tags']))).toEqual(NAMES.map(() => 'latest'))

      const third = await publish()
      expect([third.code, saying(third.lines, 'is there already')]).toEqual([0, NAMES.length])
      expect(registry.published).toHaveLength(NAMES.length)
    },
    PATIENCE,
  )

  it('publishes nothing as long as a tarball is missing', async () => {
    rmSync(tarballs, { recursive: true })
    const { code, lines } = await publish('--registry', 'http://127.0.0.1:1')
    expect(code).toBe(1)
    expect(lines[0]).toContain(`has no ${NAMES[0]}, `)
    expect(lines[1]).toBe('What to do: npm run package -- --all packs them.')
  })
})
