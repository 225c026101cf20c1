import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ExtensionError, ExtensionHost, type LoadConfigResult } from '@finos/morphir-extension-host'
import { temporaryDirectory } from './support/directory.ts'
import { load, newHost } from './support/host.ts'
import { project } from './support/project.ts'
import { rejection, until } from './support/promise.ts'

/** The example of the host's first description, as it stands there. */
const SEED = `[[extensions]]
name = "wasm-optimizer"
enabled = true
protocol = "extism"

[extensions.source]
type = "wasm"
path = "./extensions/optimizer.wasm"

[extensions.permissions]
max_memory = "100MB"
max_execution_time = "5s"
`

const cacheDir = process.env.MORPHIR_TEST_CACHE

/** A host from a file; it is closed when the test ends. */
async function fromConfig(path: string | URL, options = {}) {
  const made = await ExtensionHost.fromConfig(path, { cacheDir, ...options })
  onTestFinished(() => made.host.close({ cancel: true }))
  return made
}

/** What failed, as code and message, by name. */
function failures({ failed }: LoadConfigResult) {
  return Object.fromEntries(failed.map(({ name, error }) => [name, `${error.code} ${error.message}`]))
}

describe('loadConfig()', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['empty text', ''],
    ['a number', 5],
    ['bytes', new Uint8Array(3)],
    ['a configuration', { extensions: [] }],
    ['a URL that is no file', new URL('https://example.com/morphir.toml')],
  ])('rejects with a TypeError for %s in place of a path', async (_, path) => {
    expect(await rejection(newHost().loadConfig(path as string))).toBeInstanceOf(TypeError)
    expect(await rejection(ExtensionHost.fromConfig(path as string, { cacheDir }))).toBeInstanceOf(TypeError)
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['a signal in place of options', new AbortController().signal],
    ['an option there is not', { timeout: 5 }],
    ['a signal that is none', { signal: 5 }],
  ])('rejects with a TypeError for %s', async (_, options) => {
    const { file } = await project('')
    const path = options instanceof AbortSignal ? (options as never) : file
    expect(await rejection(newHost().loadConfig(path, options as never))).toBeInstanceOf(TypeError)
  })

  it('rejects with IoError where the file cannot be read, naming it', async () => {
    const directory = temporaryDirectory()
    for (const path of [join(directory, 'none.toml'), directory, join(directory, 'none', 'none.toml'), 'a\0b']) {
      const error = await rejection(newHost().loadConfig(path))
      expect(error).toBeInstanceOf(ExtensionError)
      expect(error.code).toBe('IoError')
      expect(error.message).toContain(path)
    }
  })

  it.each([
    ['[extensions', '1:12'],
    ['# fine\n\nname = "a" "b"', '3:12'],
    ['a = "ü"\r\na = 1', '2:1'],
    ['b = "ü" c', '1:9'],
    ['[extensions.a]\npath = "a"\n[[extensions]]', '3:3'],
    ['extensions = "all"', '1:14'],
  ])('rejects with InvalidConfig for what is no such TOML, with line and column: %j', async (toml, place) => {
    const { file } = await project(toml)
    const error = await rejection(newHost().loadConfig(file))
    expect(error).toBeInstanceOf(ExtensionError)
    expect(error.code).toBe('InvalidConfig')
    expect(error.message).toMatch(new RegExp(`^${escape(file)}:${place}: `))
  })

  it('rejects with InvalidConfig for bytes that are no text', async () => {
    const { file } = await project('')
    writeFileSync(file, Buffer.from('a = 1\nb = "\xE4"', 'latin1'))
    const error = await rejection(newHost().loadConfig(file))
    expect(error).toMatchObject({ code: 'InvalidConfig' })
    expect(error.message).toContain(`${file}:2:6: `)
  })

  it('rejects with Closed once the host is closed, whatever is in the file', async () => {
    const host = newHost()
    await host.close()
    for (const toml of ['', SEED]) {
      const { file } = await project(toml)
      expect(await rejection(host.loadConfig(file))).toMatchObject({ code: 'Closed' })
    }
  })

  it('loads what the first description of this host shows', async () => {
    const { file } = await project(SEED, { 'extensions/optimizer.wasm': 'counter' })
    const host = newHost()
    const result = await host.loadConfig(file)
    expect(result).toEqual({
      loaded: [{ name: 'wasm-optimizer', id: expect.any(Number) }],
      failed: [],
      skipped: [],
    })
    expect(host.list()).toMatchObject([{ id: result.loaded[0]!.id, name: 'wasm-optimizer', protocol: 'extism' }])
    expect(await host.call(result.loaded[0]!.id, 'count')).toBe(101)
  })

  it('loads from a table of extensions, with config from any TOML', async () => {
    const { file } = await project(
      `
      [project]
      name = "somebody else's"

      [extensions.my-ext]
      path = "./ext.wasm"
      enabled = true
      [extensions.my-ext.config]
      key = "value"
      list = [1, -2.5, 1979-05-27]
      nested.deep = { yes = true }
      `,
      { 'ext.wasm': 'lifecycle' },
    )
    const host = newHost()
    const { loaded, failed } = await host.loadConfig(file)
    expect(failed).toEqual([])
    expect(loaded.map(({ name }) => name)).toEqual(['my-ext'])
    expect(await host.call(loaded[0]!.id, 'config')).toEqual({
      key: 'value',
      list: [1, -2.5, '1979-05-27'],
      nested: { deep: { yes: true } },
    })
  })

  it('takes a path from the working directory, and a URL', async () => {
    const { file } = await project(SEED, { 'extensions/optimizer.wasm': 'counter' })
    for (const path of [relative(process.cwd(), file), pathToFileURL(file)]) {
      const { loaded, failed } = await newHost().loadConfig(path)
      expect(failed).toEqual([])
      expect(loaded).toHaveLength(1)
    }
  })

  it('loads nothing from a file without extensions', async () => {
    const { file } = await project('[project]\nname = "none"')
    expect(await newHost().loadConfig(file)).toEqual({ loaded: [], failed: [], skipped: [] })
  })

  it('lets no broken extension hide another, and keeps the order of the file', async () => {
    const { file } = await project(
      `[[extensions]]
name = "last to load"
path = "counter.wasm"
config = { do = "x" }

[[extensions]]
name = "wrong unit"
path = "counter.wasm"
permissions.max_memory = "100 parsecs"

[[extensions]]
path = "counter.wasm"

[[extensions]]
name = "off"
enabled = false
protocol = "grpc"

[[extensions]]
name = "no module"
path = "missing.wasm"

[[extensions]]
name = "does not start"
path = "lifecycle.wasm"
config = { do = "e" }

[[extensions]]
name = "grpc"
protocol = "grpc"
command = "./server"

[[extensions]]
name = "last"
path = "lifecycle.wasm"
`,
      { 'counter.wasm': 'counter', 'lifecycle.wasm': 'lifecycle' },
    )
    const host = newHost()
    const result = await host.loadConfig(file)
    expect(result.loaded.map(({ name }) => name)).toEqual(['last to load', 'last'])
    expect(result.skipped).toEqual(['off'])
    expect(result.failed.map(({ name }) => name)).toEqual([
      'wrong unit',
      'extensions[2]',
      'no module',
      'does not start',
      'grpc',
    ])
    for (const { error } of result.failed) expect(error).toBeInstanceOf(ExtensionError)
    const messages = failures(result)
    expect(messages['wrong unit']).toContain(
      `InvalidConfig ${file}:9:26: extensions[1].permissions.max_memory: "100 parsecs" is not a size such as`,
    )
    expect(messages['extensions[2]']).toBe(`InvalidConfig ${file}:11:1: extensions[2]: It needs a \`name\`.`)
    expect(messages['no module']).toContain(`IoError ${file}:19:1: extensions[4]: `)
    expect(messages['no module']).toContain('missing.wasm')
    expect(messages['does not start']).toContain(`InitializationFailed ${file}:23:1: extensions[5]: `)
    expect(messages['grpc']).toContain(
      `InvalidConfig ${file}:30:12: extensions[6].protocol: The protocol "grpc" is not spoken here`,
    )
    expect(result.failed.find(({ name }) => name === 'does not start')!.error).toMatchObject({
      extension: 'does not start',
      method: 'initialize',
      cause: { message: 'I do not want to start.' },
    })
    expect(result.failed[0]!.error.extension).toBe('wrong unit')
    expect(host.list().map(({ id }) => id)).toEqual(result.loaded.map(({ id }) => id))
  })

  it.each([
    ['surprise = 1', 'InvalidConfig', '4:1: extensions.x.surprise: There is no such key; there are '],
    ['maxQueue = 1', 'InvalidConfig', '4:1: extensions.x.maxQueue: There is no such key; it is written `max_queue`.'],
    ['enabled = "yes"', 'InvalidConfig', '4:11: extensions.x.enabled: It must be true or false; it is the text "yes".'],
    ['protocol = "jsonrpc"', 'InvalidConfig', '4:12: extensions.x.protocol: The protocol "jsonrpc" is not spoken here'],
    ['url = "https://example.com"', 'InvalidSource', '4:1: extensions.x.url: Modules are not fetched'],
    [
      'source = { type = "jar", path = "x" }',
      'InvalidSource',
      '4:19: extensions.x.source.type: A source of type "jar"',
    ],
    [
      'permissions.network = "yes"',
      'InvalidConfig',
      '4:23: extensions.x.permissions.network: It must be true or false',
    ],
    ['permissions.max_execution_time = 0', 'InvalidConfig', '4:34: extensions.x.permissions.max_execution_time: '],
    ['permissions.max_memory = "1 MB', undefined, '4:31: This is not TOML: '],
    ['permissions.filesystem = ["missing"]', 'IoError', '2:13: extensions.x: The directory '],
    ['restart = "sometimes"', 'InvalidConfig', '4:11: extensions.x.restart: It must be "never", "immediate" or '],
  ])('names line and key for %s', async (line, code, message) => {
    const { file } = await project(`\n[extensions.x]\npath = "x.wasm"\n${line}`, { 'x.wasm': 'counter' })
    if (code === undefined) {
      expect((await rejection(newHost().loadConfig(file))).message).toContain(`${file}:${message}`)
    } else {
      const messages = failures(await newHost().loadConfig(file))
      expect(messages['x']).toContain(`${code} ${file}:${message}`)
    }
  })

  it('keeps the limits and the directories that the file gives', async () => {
    const { directory, file } = await project(
      `
      [extensions.patient]
      path = "clock.wasm"
      permissions.max_execution_time = "50ms"
      lifecycle = "none"
      [extensions.files]
      path = "directory.wasm"
      lifecycle = "none"
      permissions.readonly_paths = ["models"]
      [extensions.parallel]
      path = "counter.wasm"
      instances = 2
      `,
      { 'clock.wasm': 'clock', 'directory.wasm': 'directory', 'counter.wasm': 'counter' },
    )
    mkdirSync(join(directory, 'models'))
    writeFileSync(join(directory, 'models', 'note.txt'), 'a note')
    const host = newHost()
    const { loaded, failed } = await host.loadConfig(file)
    expect(failed).toEqual([])
    const [patient, files, parallel] = loaded.map(({ id }) => id) as [number, number, number]
    expect(await rejection(host.call(patient, 'spin', 10_000))).toMatchObject({ code: 'Timeout', extension: 'patient' })
    const call = async (method: string, path: string) =>
      new TextDecoder().decode(await host.callRaw(files, method, path))
    expect(await call('read', 'note.txt')).toBe('a note')
    expect(await call('name', '')).toBe('models')
    expect(await rejection(call('write', 'new.txt'))).toMatchObject({ code: 'ExtensionError' })
    expect(existsSync(join(directory, 'models', 'new.txt'))).toBe(false)
    expect(host.stats(parallel).instances).toBe(2)
  })

  it('leaves what is loaded already alone, and can be asked again', async () => {
    const { file } = await project(SEED, { 'extensions/optimizer.wasm': 'counter' })
    const host = newHost()
    const first = await load(host, 'echo')
    const results = await Promise.all([host.loadConfig(file), host.loadConfig(file)])
    const ids = results.flatMap(({ loaded }) => loaded.map(({ id }) => id))
    expect(new Set([first, ...ids]).size).toBe(3)
    expect(host.list().map(({ name }) => name)).toEqual(['echo', 'wasm-optimizer', 'wasm-optimizer'])
  })

  it('takes everything back when its signal is aborted', async () => {
    const { file } = await project(
      `
      [extensions.slow]
      path = "lifecycle.wasm"
      config = { do = "l" }
      [extensions.quick]
      path = "counter.wasm"
      `,
      { 'counter.wasm': 'counter', 'lifecycle.wasm': 'lifecycle' },
    )
    const host = newHost()
    const early = await rejection(host.loadConfig(file, { signal: AbortSignal.abort('never mind') }))
    expect(early).toMatchObject({ code: 'Cancelled', cause: 'never mind' })
    const controller = new AbortController()
    const loading = rejection(host.loadConfig(file, { signal: controller.signal }))
    await until(() => host.list().length === 1)
    // Loaded beside the one before it, which is still busy; what answers is known on this side.
    await host.call(host.list()[0]!.id, 'count')
    controller.abort('enough')
    expect(await loading).toMatchObject({ code: 'Cancelled', cause: 'enough' })
    expect(host.list()).toEqual([])
  })
})

describe('ExtensionHost.fromConfig()', () => {
  it('makes a host with what the file lists', async () => {
    const { file } = await project(
      `${SEED}\n[[extensions]]\nname = "off"\nenabled = false\n[[extensions]]\nname = "x"`,
      {
        'extensions/optimizer.wasm': 'counter',
      },
    )
    const { host, loaded, failed, skipped } = await fromConfig(file)
    expect(host).toBeInstanceOf(ExtensionHost)
    expect(await host.call(loaded[0]!.id, 'count')).toBe(101)
    expect(skipped).toEqual(['off'])
    expect(failed).toMatchObject([{ name: 'x', error: { code: 'InvalidSource', extension: 'x' } }])
  })

  it('hands the options of a host to it', async () => {
    const { file } = await project('[extensions.logger]\npath = "logger.wasm"', {
      'logger.wasm': 'logger',
    })
    const records: string[] = []
    const { host, loaded } = await fromConfig(file, {
      onLog: ({ extension }: { extension: string }) => records.push(extension),
    })
    await host.callRaw(loaded[0]!.id, 'every_level')
    expect(records).toContain('logger')
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['an option that neither has', { cacheDirectory: 'x' }],
    ['a wrong option of a host', { cacheDir: 5 }],
    ['a signal that is none', { signal: 'abort' }],
  ])('rejects with a TypeError for %s', async (_, options) => {
    const { file } = await project('')
    expect(await rejection(ExtensionHost.fromConfig(file, options as never))).toBeInstanceOf(TypeError)
  })

  it('rejects where the file cannot be read, and where the host cannot be made', async () => {
    const { directory, file } = await project('')
    expect(await rejection(ExtensionHost.fromConfig(`${file}.none`, { cacheDir }))).toMatchObject({ code: 'IoError' })
    const error = await rejection(ExtensionHost.fromConfig(file, { cacheDir: join(file, 'cache') }))
    expect(error).toMatchObject({ code: 'IoError' })
    expect(readFileSync(file, 'utf8')).toBe('')
    expect(existsSync(join(directory, 'cache'))).toBe(false)
  })

  it('rejects with Cancelled for its signal', async () => {
    const { file } = await project('')
    const error = await rejection(ExtensionHost.fromConfig(file, { cacheDir, signal: AbortSignal.abort('no') }))
    expect(error).toMatchObject({ code: 'Cancelled', cause: 'no' })
  })

  it('makes a host of the class on which it is called', async () => {
    class Host extends ExtensionHost {
      readonly mine = true
    }
    const { file } = await project('')
    const { host } = await Host.fromConfig(file, { cacheDir })
    expect(host.mine).toBe(true)
    await host.close()
  })
})

function escape(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}
