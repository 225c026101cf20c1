import { describe, expect, it } from 'vitest'
import { ExtensionHost, type Capability, type ExtensionConfig } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { run } from './support/child.ts'
import { file } from './support/guest.ts'
import { newHost } from './support/host.ts'
import { project } from './support/project.ts'
import { rejection } from './support/promise.ts'
import { saying } from './support/saying.ts'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the methods of a guest that echoes may be given, and may answer. */
const METHODS = [
  {
    name: 'rename',
    description: 'Echoes.',
    params_schema: {
      type: 'object',
      required: ['options'],
      properties: { options: { type: 'object', properties: { from: { type: 'string' }, count: { type: 'integer' } } } },
    },
    return_schema: { properties: { options: { required: ['from'] } } },
  },
  { name: 'free', description: 'Has no schema.' },
  { name: 'any', description: 'Takes anything.', params_schema: true, return_schema: {} },
]

async function loadSaying(
  host: ExtensionHost,
  capabilities: readonly Capability[],
  config: Partial<ExtensionConfig> = {},
) {
  const bytes = await saying(capabilities)
  return host.loadExtension({ name: 'checked', source: { type: 'wasm', bytes }, validate: true, ...config })
}

const GOOD = { options: { from: 'a', count: 1 } }
const WRONG_PARAMS = { options: { from: 5 } }
const WRONG_RESULT = { options: {} }
const PARAMS_FAULT = 'The params are not what `rename` takes: params/options/from must be string.'
const RESULT_FAULT = 'The result is not what `rename` says that it answers: result/options must have "from".'

describe('validate', () => {
  it('lets pass what fits, and names the place of what does not, in call', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS)
    expect(await host.call(id, 'rename', GOOD)).toEqual(GOOD)
    const calls = host.stats(id).calls
    expect(await rejection(host.call(id, 'rename', WRONG_PARAMS))).toMatchObject({
      name: 'ExtensionError',
      code: 'SerializationError',
      message: PARAMS_FAULT,
      extension: 'checked',
      method: 'rename',
    })
    // It never came to the extension.
    expect(host.stats(id).calls).toBe(calls)
    expect(await rejection(host.call(id, 'rename', WRONG_RESULT))).toMatchObject({
      code: 'ProtocolError',
      message: RESULT_FAULT,
      extension: 'checked',
      method: 'rename',
    })
    expect(await host.call(id, 'rename', GOOD)).toEqual(GOOD)
  })

  it('checks in callSync', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS)
    expect(host.callSync(id, 'rename', GOOD)).toEqual(GOOD)
    expect(caught(() => host.callSync(id, 'rename', WRONG_PARAMS))).toMatchObject({ message: PARAMS_FAULT })
    expect(caught(() => host.callSync(id, 'rename', WRONG_RESULT))).toMatchObject({ message: RESULT_FAULT })
  })

  it('checks each of callMany, which runs all others', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS, { instances: 2 })
    const list = [GOOD, WRONG_PARAMS, GOOD, WRONG_RESULT, GOOD]
    expect(await rejection(host.callMany(id, 'rename', list))).toMatchObject({ message: PARAMS_FAULT, index: 1 })
    const settled = await host.callMany(id, 'rename', list, { settled: true })
    expect(settled.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message))).toEqual([
      GOOD,
      PARAMS_FAULT,
      GOOD,
      RESULT_FAULT,
      GOOD,
    ])
  })

  it('leaves callRaw alone', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS)
    expect(Buffer.from(await host.callRaw(id, 'rename', 'no JSON')).toString()).toBe('no JSON')
  })

  it('checks nothing of a method without schemas, of one that takes anything, and of one there is not', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS)
    expect(await host.call(id, 'free', 5)).toBe(5)
    expect(await host.call(id, 'any', null)).toBeNull()
    expect(await rejection(host.call(id, 'none', 5))).toMatchObject({ code: 'MethodNotFound' })
    expect(await rejection(host.call(id, 'toString', 5))).toMatchObject({ code: 'MethodNotFound' })
  })

  it('checks nothing without it', async () => {
    const host = newHost()
    for (const validate of [false, undefined]) {
      const id = await loadSaying(host, METHODS, { validate })
      expect(await host.call(id, 'rename', WRONG_PARAMS)).toEqual(WRONG_PARAMS)
    }
  })

  it('checks what is sent: what JSON leaves out and rewrites', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS)
    const params = { options: { from: new Date(0), count: undefined } }
    expect(await host.call(id, 'rename', params)).toEqual({ options: { from: '1970-01-01T00:00:00.000Z' } })
  })

  it('takes no params for null, and says so', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS)
    const error = await rejection(host.call(id, 'rename'))
    expect(error.message).toBe('The params are not what `rename` takes: params must be object; the call has none.')
    // An empty answer is no JSON, but the params pass.
    expect(await rejection(host.call(id, 'any'))).toMatchObject({
      message: expect.stringMatching(/^It answered nothing/),
    })
  })

  it('tells listeners of a wrong result as of any failed call', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS)
    const events: string[] = []
    host.on('extension.call.failed', ({ error }) => events.push(error.message))
    host.on('extension.call.started', () => events.push('started'))
    await rejection(host.call(id, 'rename', WRONG_RESULT))
    await rejection(host.call(id, 'rename', WRONG_PARAMS))
    expect(events).toEqual(['started', RESULT_FAULT])
  })

  it.each<[string, unknown]>([
    ['text', 'yes'],
    ['a number', 1],
    ['null', null],
  ])('is a TypeError as %s', async (_, validate) => {
    const host = newHost()
    const wrong = { validate: validate as boolean }
    expect(await rejection(loadSaying(host, METHODS, wrong))).toBeInstanceOf(TypeError)
    expect(await rejection(host.loadConfig('morphir.toml', wrong))).toBeInstanceOf(TypeError)
    expect(await rejection(ExtensionHost.fromConfig('morphir.toml', wrong))).toBeInstanceOf(TypeError)
    expect(
      await rejection(host.loadExtension({ name: 'a', source: { type: 'wasm', path: 'a' } }, wrong as object)),
    ).toBeInstanceOf(TypeError)
  })

  it('is an option of loadConfig and fromConfig for all that a file lists', async () => {
    const toml = '[[extensions]]\nname = "checked"\npath = "checked.wasm"\n'
    const { file: path, directory } = await project(toml)
    copyFileSync(file('checked', await saying(METHODS)), join(directory, 'checked.wasm'))
    const host = newHost()
    const listed = await host.loadConfig(path, { validate: true })
    expect(await rejection(host.call(listed.loaded[0]!.id, 'rename', WRONG_PARAMS))).toMatchObject({
      message: PARAMS_FAULT,
    })
    const made = await ExtensionHost.fromConfig(path, { validate: true, cacheDir: process.env.MORPHIR_TEST_CACHE })
    await using other = made.host
    expect(await rejection(other.call(made.loaded[0]!.id, 'rename', WRONG_PARAMS))).toMatchObject({
      message: PARAMS_FAULT,
    })
  })
})

describe('a schema that cannot be checked', () => {
  it.each<[string, object, RegExp]>([
    ['no schema', { params_schema: 5 }, /^The params_schema of "a" cannot be checked: it: a schema is an object/],
    [
      'a type there is not',
      { return_schema: { type: 'text' } },
      /^The return_schema of "a" cannot be checked: "\/type"/,
    ],
    [
      'a reference to elsewhere',
      { params_schema: { $ref: 'http://localhost:1/x' } },
      /only what is in the schema itself/,
    ],
  ])('fails the load, and leaves nothing loaded: %s', async (_, schemas, words) => {
    const host = newHost()
    const bad = [{ name: 'a', description: '', ...schemas }]
    const failed: string[] = []
    host.on('extension.failed', ({ error }) => failed.push(error.message))
    const error = await rejection(loadSaying(host, bad))
    expect(error).toMatchObject({ code: 'InitializationFailed', extension: 'checked', method: 'capabilities' })
    expect(error.message).toMatch(words)
    expect(failed).toEqual([error.message])
    expect(host.list()).toEqual([])
    const id = await loadSaying(host, bad, { validate: false })
    expect(await host.call(id, 'a', 1)).toBe(1)
  })

  it('fails the calls of its method after a reload, and no others', async () => {
    const host = newHost()
    const id = await loadSaying(host, METHODS)
    const stricter = [{ name: 'rename', description: '', params_schema: { type: 'null' } }]
    await host.reload(id, { type: 'wasm', bytes: await saying(stricter) })
    expect((await rejection(host.call(id, 'rename', GOOD))).message).toContain('params must be null')
    await host.reload(id, { type: 'wasm', bytes: await saying([{ name: 'rename', params_schema: 5 }] as never) })
    expect(await rejection(host.call(id, 'rename', GOOD))).toMatchObject({ code: 'ProtocolError' })
    expect(Buffer.from(await host.callRaw(id, 'rename', '1')).toString()).toBe('1')
  })
})

describe('a hostile schema', () => {
  const doubling = (each: object) => ({
    $ref: '#/$defs/0',
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        index,
        index === 39 ? each : { allOf: [{ $ref: `#/$defs/${index + 1}` }, { $ref: `#/$defs/${index + 1}` }] },
      ]),
    ),
  })

  it('costs its own calls, and no more than a moment', async () => {
    const host = newHost()
    const hostile = [
      { name: 'params', description: '', params_schema: doubling({}) },
      { name: 'result', description: '', return_schema: doubling({}) },
      { name: 'circle', description: '', params_schema: { $ref: '#' } },
      { name: 'pattern', description: '', params_schema: { pattern: '^(a+)+$', format: 'regex' } },
    ]
    const id = await loadSaying(host, hostile)
    for (const name of ['params', 'result', 'circle']) {
      expect(await rejection(host.call(id, name, 1))).toMatchObject({
        code: 'ProtocolError',
        message: expect.stringMatching(/takes too long/),
      })
    }
    const slow = `${'a'.repeat(1000)}!`
    expect(await host.call(id, 'pattern', slow)).toBe(slow)
  })

  it('is checked where no code can be made of text', async () => {
    const path = file('checked', await saying(METHODS))
    const { code, printed, stderr } = await run(
      `const host = newHost()
       const id = await host.loadExtension({ name: 'checked', source: { type: 'wasm', path: ${JSON.stringify(path)} }, validate: true })
       await host.call(id, 'rename', { options: { from: 5 } }).catch((error) => print(error.message))
       await host.close()`,
      { guests: [], nodeArgs: ['--disallow-code-generation-from-strings'] },
    )
    expect({ code, stderr, printed }).toEqual({ code: 0, stderr: '', printed: [PARAMS_FAULT] })
  })

  it('is read only for those who want it', async () => {
    const path = file('checked', await saying(METHODS))
    const { printed } = await run(
      `const host = newHost()
       const read = () => Object.keys(require.cache).some((name) => /validation\\.js$/.test(name))
       const load = (validate) => host.loadExtension({ name: 'a', source: { type: 'wasm', path: ${JSON.stringify(path)} }, validate })
       await load(false)
       print(read())
       await load(true)
       print(read())
       await host.close()`,
      { guests: [] },
    )
    expect(printed).toEqual([false, true])
  })
})
