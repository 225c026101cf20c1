import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from './support/directory.ts'

const NAME = '@finos/morphir-extension-host'
const require = createRequire(import.meta.url)
const manifestPath = require.resolve(`${NAME}/package.json`)
const { version } = JSON.parse(readFileSync(manifestPath, 'utf8')) as { version: string }

interface Refusal {
  name: string
  code: string
  message: string
  /** The words of the system's loader. */
  cause?: string
}

/** What there is of the package that has the addon. */
interface Installed {
  /** The name of its main file and what is in it, if it is there; nothing if it is not installed. */
  addon?: [name: string, content?: string | Uint8Array]
  /** It lies in a checkout, with its source. */
  source?: boolean
  /** What runs before. */
  first?: string
  env?: Record<string, string>
  nodeArgs?: string[]
  load?: string
}

/** The platform of the tests' own addon, and the addon. */
const own = (() => {
  const platforms = require('../lib/platforms.js') as string[]
  const files = platforms.map((platform) => [platform, join(dirname(manifestPath), addonOf(platform))] as const)
  for (const [platform, file] of files) {
    try {
      if (platform.startsWith(`${process.platform}-${process.arch}`)) return { platform, bytes: readFileSync(file) }
    } catch {
      // Not this one.
    }
  }
  throw new Error('There is no addon to test with: npm run build.')
})()

function addonOf(platform: string) {
  return `morphir-extension-host.${platform}.node`
}

/** A copy of the package as npm installs it, in a process of its own; answers how it refused to load. */
async function refusal(installed: Installed): Promise<Refusal> {
  const { addon, source, first = '', env, nodeArgs = [], load = `require('${NAME}')` } = installed
  const directory = temporaryDirectory()
  const place = join(directory, 'node_modules', NAME)
  for (const path of ['package.json', 'index.js', 'index.mjs', 'binding.js', 'lib']) {
    cpSync(join(dirname(manifestPath), path), join(place, path), { recursive: true })
  }
  if (source) writeFileSync(join(place, 'Cargo.toml'), '')
  if (addon !== undefined) {
    const [main, content] = addon
    const beside = join(directory, 'node_modules', `${NAME}-${own.platform}`)
    mkdirSync(beside, { recursive: true })
    writeFileSync(join(beside, 'package.json'), JSON.stringify({ name: `${NAME}-${own.platform}`, version, main }))
    if (content !== undefined) writeFileSync(join(beside, main), content)
  }
  const script = `${first}
    ;(async () => ${load})().then(
      () => console.log('{}'),
      (error) => {
        const { name, code, message, cause } = error
        console.log(JSON.stringify({ name, code, message, cause: cause?.message }))
      },
    )`
  return new Promise((resolve, reject) => {
    const options = { cwd: directory, env: { ...process.env, NODE_OPTIONS: '', ...env } }
    execFile(process.execPath, [...nodeArgs, '-e', script], options, (error, stdout) => {
      // Node.js 20 ends with an error where a CommonJS module that was imported failed, caught or not.
      if (error && stdout === '') reject(error)
      else resolve(JSON.parse(stdout) as Refusal)
    })
  })
}

/** As Node.js 20 calls it, and the later ones. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

const again = `Install it again, on this system: npm install ${NAME}@${version}`
const there = `The addon for ${own.platform} is there, but it cannot be loaded on ${process.platform} ${process.arch}`

describe('an addon that does not load', () => {
  it('is named with what to do when its package is not installed', async () => {
    const { message, ...error } = await refusal({})
    expect(error).toEqual({ name: 'ExtensionError', code: 'IoError' })
    expect(message).toBe(
      `The package ${NAME}-${own.platform} ${version}, the addon for ${own.platform}, is not installed. It is missing from a ` +
        `node_modules that was copied from another system, or installed with --omit=optional. ${again}`,
    )
  })

  it('is named the same to ES modules', async () => {
    const { message, ...error } = await refusal({ load: `import('${NAME}')` })
    expect(error).toEqual({ name: 'ExtensionError', code: 'IoError' })
    expect(message).toContain(`The package ${NAME}-${own.platform} ${version}`)
  })

  it('is to be built in a checkout', async () => {
    const { message } = await refusal({ source: true })
    expect(message).toContain('is not installed.')
    expect(message).toContain('Build it again: npm run build.')
  })

  it('is named with the words of the system when its header is cut off', async () => {
    const { message, code, cause } = await refusal({ addon: [addonOf(own.platform), own.bytes.subarray(0, 32)] })
    expect(code).toBe('IoError')
    expect(message).toContain(there)
    // Every loader names the path.
    expect(cause).toContain(addonOf(own.platform))
    expect(message).toContain(cause)
    expect(message).toContain(again)
  })

  it('is named with the words of the system when it is empty, or no addon at all', async () => {
    for (const content of ['', 'Not found\n', '<!doctype html>']) {
      expect((await refusal({ addon: [addonOf(own.platform), content] })).message).toContain(there)
    }
  })

  it.runIf(process.platform === 'linux')('is named when it is for another processor (made for Linux)', async () => {
    const other = Uint8Array.from(own.bytes)
    // The processor in the header of an ELF file: no other is number 243 but RISC-V.
    other.set([243, 0], 18)
    const { message, code } = await refusal({ addon: [addonOf(own.platform), other] })
    expect(code).toBe('IoError')
    expect(message).toContain(there)
    expect(message).toContain(again)
  })

  it.each([['--no-addons'], [PERMISSION, '--allow-fs-read=*', '--allow-fs-write=*']])(
    'is to be allowed where Node.js was started with %s',
    async (...nodeArgs) => {
      const { message, code } = await refusal({ addon: [addonOf(own.platform), own.bytes], nodeArgs })
      expect(code).toBe('IoError')
      expect(message).toContain(there)
      expect(message).toContain(
        'loading addons is disabled. Start Node.js with --allow-addons, and without --no-addons.',
      )
    },
  )

  it('is named when its package lacks the file', async () => {
    const { message } = await refusal({ addon: [addonOf(own.platform)] })
    expect(message).toContain(there)
  })

  it('is named with both versions when they differ', async () => {
    const other = `module.exports = { VERSION: '0.0.9', NativeHost: class {} }`
    const { message, code } = await refusal({ addon: ['index.js', other] })
    expect(code).toBe('IoError')
    expect(message).toBe(
      `The addon of ${NAME} is of version 0.0.9, and the JavaScript that loads it of version ${version}. ${again}`,
    )
  })

  it('is named when it is so old that it does not know its version', async () => {
    const { message } = await refusal({ addon: ['index.js', 'module.exports = { NativeHost: class {} }'] })
    expect(message).toContain(`is of another version, and the JavaScript that loads it of version ${version}`)
  })

  it('is not there for a system that it is not built for', async () => {
    for (const [os, cpu] of [
      ['freebsd', 'x64'],
      ['linux', 's390x'],
      ['sunos', 'x64'],
    ]) {
      const first = `for (const [key, value] of [['platform', '${os}'], ['arch', '${cpu}']]) Object.defineProperty(process, key, { value })`
      const { message, code } = await refusal({ first })
      expect(code).toBe('IoError')
      expect(message).toContain(`There is no addon of ${NAME} for ${os} ${cpu}`)
      expect(message).toContain('only for linux-x64-gnu, linux-x64-musl,')
      expect(message).toContain('npm run build, in a checkout')
    }
  })

  it('is named by the variable that says where it lies', async () => {
    const { message } = await refusal({ env: { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere/else.node' } })
    expect(message).toContain('The addon /nowhere/else.node, which NAPI_RS_NATIVE_LIBRARY_PATH names, cannot be loaded')
    expect(message).toContain('or unset it.')
  })
})

describe('an addon of the right version', () => {
  it('is loaded from its package', async () => {
    expect(await refusal({ addon: [addonOf(own.platform), own.bytes] })).toEqual({})
  })
})
