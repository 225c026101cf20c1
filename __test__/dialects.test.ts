import { describe, expect, it } from 'vitest'
import type { ExtensionConfig, LogRecord } from '@finos/morphir-extension-host'
import { guest } from './support/guest.ts'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

/** Loads the guest that speaks MEP; `answers` has what it says to its n-th request since it was started. */
const loadMep = (
  host: ReturnType<typeof newHost>,
  answers: Record<number, string> = {},
  config: Partial<ExtensionConfig> = {},
) => load(host, 'mep', { config: answers, ...config })

const ok = (id: number, result: string) => `{"jsonrpc":"2.0","id":${id},"result":${result}}`
const no = (id: number, code: number, more = '') =>
  `{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":"I would rather not."${more}}}`
const opened = (
  capabilities: object,
  types: string[] = ['frontend', 'backend', 'validator', 'transform', 'workspace'],
) => ok(1, JSON.stringify({ protocolVersion: '0.1', extension: { types }, capabilities }))

describe('dialects', () => {
  it.each([
    ['one there is not', 'latin', 'InvalidConfig'],
    ['one that can only be found', 'mep-early', 'InvalidConfig'],
    ['a number', 5, 'InvalidConfig'],
    ['null', null, 'InvalidConfig'],
  ])('are not %s', async (_, dialect, code) => {
    const error = await rejection(load(newHost(), 'counter', { dialect } as object))
    expect(error).toMatchObject({ code })
    if (typeof dialect === 'string') expect(error.message).toContain(`"${dialect}"`)
  })

  it('are not contradicted by the lifecycle', async () => {
    const error = await rejection(load(newHost(), 'mep', { lifecycle: 'none', dialect: 'mep' }))
    expect(error).toMatchObject({ code: 'InvalidConfig', extension: 'mep' })
    expect(error.message).toContain('lifecycle')
  })

  it.each<[string, ExtensionConfig['dialect'], string]>([
    ['counter', undefined, 'morphir'],
    ['counter', 'auto', 'morphir'],
    ['counter', 'morphir', 'morphir'],
    ['counter', 'raw', 'raw'],
    ['plain', 'raw', 'raw'],
    ['mep', undefined, 'mep'],
    ['mep', 'mep', 'mep'],
    ['mep', 'raw', 'raw'],
  ])('of %s, asked for as %s, is %s', async (name, dialect, found) => {
    const host = newHost()
    const id = await load(host, name, { ...(dialect && { dialect }) })
    expect(host.stats(id).dialect).toBe(found)
    expect(host.list()).toMatchObject([{ id, protocol: 'extism', dialect: found }])
  })

  it.each<[string, ExtensionConfig['dialect'], string]>([
    ['plain', undefined, 'initialize'],
    ['plain', 'mep', 'handle'],
    ['counter', 'mep', 'handle'],
    ['mep', 'morphir', 'initialize'],
  ])('cannot be that of %s, asked for as %s', async (name, dialect, lacking) => {
    const error = await rejection(load(newHost(), name, { ...(dialect && { dialect }) }))
    expect(error).toMatchObject({ code: 'InitializationFailed', extension: name })
    expect(error.message).toContain(`no function \`${lacking}\``)
    expect(error.message).toContain('set `dialect` to "raw"')
  })

  it('are told anew when the module is another', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    await host.reload(id, { type: 'wasm', bytes: await guest('mep') })
    expect(host.stats(id).dialect).toBe('mep')
    expect(await host.call(id, 'transform', {})).toEqual({ request: 2 })
    await host.reload(id, { type: 'wasm', bytes: await guest('counter') })
    expect(host.stats(id).dialect).toBe('morphir')
    expect(await host.call(id, 'count')).toBe(101)
  })

  it('stay what was asked for when the module is another', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { dialect: 'morphir' })
    const reload = rejection(host.reload(id, { type: 'wasm', bytes: await guest('mep') }))
    expect(await reload).toMatchObject({ code: 'InitializationFailed' })
  })
})

describe('the dialect mep', () => {
  it('opens a session, and writes requests around params as they are', async () => {
    const logged: LogRecord[] = []
    const host = newHost({ onLog: (record) => logged.push(record) })
    const id = await loadMep(host)
    await host.callRaw(id, 'transform', '{"ir": 1.50}')
    await host.call(id, 'morphir.validator.validate', { text: 'é' })
    await host.call(id, 'validate')
    const [opening, ...requests] = logged.map(({ message }) => message)
    expect(JSON.parse(opening!)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'morphir.initialize',
      params: {
        protocolVersions: ['0.1'],
        host: { kind: 'unspecified', name: 'morphir-extension-host', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
      },
    })
    expect(requests).toEqual([
      '{"jsonrpc":"2.0","id":2,"method":"morphir.transform.transform","params":{"ir": 1.50}}',
      '{"jsonrpc":"2.0","id":3,"method":"morphir.validator.validate","params":{"text":"é"}}',
      '{"jsonrpc":"2.0","id":4,"method":"morphir.validator.validate","params":{}}',
    ])
  })

  it('tells what is advertised', async () => {
    const host = newHost()
    const id = await loadMep(host)
    expect(host.capabilities(id)).toEqual([
      { name: 'validate', description: expect.stringContaining('morphir.validator.validate') },
      { name: 'transform', description: expect.stringContaining('morphir.transform.transform') },
    ])
    const denied = { frontend: { compile: false }, backend: { generate: true } }
    const other = await loadMep(host, { 1: opened(denied) })
    expect(host.capabilities(other).map(({ name }) => name)).toEqual(['generate', 'validate', 'transform', 'discover'])
  })

  it.each(['compile', 'morphir.frontend.compile', 'handle', 'morphir_extension_info', 'initialize', 'toString'])(
    'refuses %s, which is not advertised, before the guest runs',
    async (method) => {
      const host = newHost()
      const id = await loadMep(host)
      for (const error of [
        await rejection(host.call(id, method)),
        await rejection(host.callRaw(id, method, '{}')),
        await rejection(host.callMany(id, method, [{}])),
        await rejection((async () => host.callSync(id, method))()),
      ]) {
        expect(error).toMatchObject({ code: 'MethodNotFound', extension: 'mep', method })
        expect(error.message).toContain('It has: validate, transform.')
      }
      expect(await host.call(id, 'transform')).toEqual({ request: 2 })
    },
  )

  it.each(['morphir.initialize', 'morphir.initialized', 'morphir.shutdown', 'morphir.exit'])(
    'leaves %s to the host',
    async (method) => {
      const host = newHost()
      const id = await loadMep(host)
      expect(await rejection(host.call(id, method))).toMatchObject({ code: 'MethodNotFound', method })
    },
  )

  it('passes other full names through, and counts them together', async () => {
    const host = newHost()
    const id = await loadMep(host, { 4: no(4, -32601) })
    expect(await host.call(id, 'morphir.extension.info')).toEqual({ request: 2 })
    expect(await host.call(id, 'acme.brew', { tea: true })).toEqual({ request: 3 })
    expect(await rejection(host.call(id, 'acme.burn'))).toMatchObject({
      code: 'MethodNotFound',
      method: 'acme.burn',
      rpc: { code: -32601 },
    })
    expect(host.metrics()).toContain('method="other",status="success"} 1')
    expect(host.metrics()).not.toContain('acme')
  })

  it.each(['{', 'x', '{}}', '{},"method":"morphir.exit"', '{} {}'])(
    'refuses params that are not one JSON value: %s',
    async (params) => {
      const host = newHost()
      const id = await loadMep(host)
      expect(await rejection(host.callRaw(id, 'transform', params))).toMatchObject({ code: 'SerializationError' })
      expect(await host.call(id, 'transform')).toEqual({ request: 2 })
    },
  )

  it('answers callRaw, callMany, callSync and healthCheck', async () => {
    const host = newHost()
    const id = await loadMep(host, { 6: ok(6, '{"big": 12345678901234567890, "s": "\\u00e9"}') })
    expect(await host.callMany(id, 'transform', [1, 2])).toEqual([{ request: 2 }, { request: 3 }])
    expect(host.callSync(id, 'validate', {})).toEqual({ request: 4 })
    expect(await host.healthCheck(id)).toEqual({ status: 'healthy' })
    const text = Buffer.from(await host.callRaw(id, 'transform')).toString()
    expect(text).toBe('{"big": 12345678901234567890, "s": "\\u00e9"}')
    expect(host.stats(id)).toMatchObject({ calls: 4, errors: 0, generation: 1 })
  })

  it('asks for a sign of life, and hears what is wrong', async () => {
    const host = newHost()
    const id = await loadMep(host, { 2: no(2, -32010), 3: 'pong', 4: no(4, -32601), 5: '!' })
    expect(await host.healthCheck(id)).toEqual({ status: 'unhealthy', message: 'I would rather not.' })
    expect(await host.healthCheck(id)).toMatchObject({ message: expect.stringContaining('pong') })
    expect(await host.healthCheck(id)).toEqual({ status: 'healthy' })
    expect(await host.healthCheck(id)).toMatchObject({ message: expect.stringContaining('trapped') })
  })

  it('has a session for each instance, after every fault, and after a reload, and never two', async () => {
    const logged: string[] = []
    const host = newHost({ onLog: ({ message }) => logged.push(JSON.parse(message).method) })
    const id = await loadMep(host, { 3: '!' }, { instances: 2 })
    expect(logged).toEqual(['morphir.initialize', 'morphir.initialize'])
    const each = Array.from({ length: 4 }, () => host.call(id, 'transform').catch(({ code }) => code))
    const answers = await Promise.all(each)
    expect(answers.filter((answer) => answer === 'Trap').length).toBe(host.stats(id).generation - 1)
    await host.reload(id)
    logged.length = 0
    expect(host.callSync(id, 'transform')).toEqual({ request: 2 })
    expect(await rejection((async () => host.callSync(id, 'transform'))())).toMatchObject({ code: 'Trap' })
    expect(host.callSync(id, 'transform')).toEqual({ request: 2 })
    const of = 'morphir.transform.transform'
    expect(logged).toEqual([of, of, 'morphir.initialize', of])
  })

  it('opens a new session where the guest says that there is none', async () => {
    const host = newHost()
    const id = await loadMep(host, { 3: no(3, -32014) })
    expect(await host.call(id, 'transform')).toEqual({ request: 2 })
    const error = await rejection(host.call(id, 'transform'))
    expect(error).toMatchObject({ code: 'ProtocolError', rpc: { code: -32014 } })
    expect(await host.call(id, 'transform')).toEqual({ request: 2 })
    expect(host.stats(id).generation).toBe(2)
  })

  it.each<[string, number, string]>([
    ['a parse error', -32700, 'ProtocolError'],
    ['an invalid request, as for a second initialize', -32600, 'ProtocolError'],
    ['an unknown method', -32601, 'MethodNotFound'],
    ['invalid params', -32602, 'ExtensionError'],
    ['an internal error', -32603, 'ExtensionError'],
    ['cancelled', -32800, 'ExtensionError'],
    ['a failure', -32010, 'ExtensionError'],
    ['another version', -32011, 'ExtensionError'],
    ['no permission', -32012, 'ExtensionError'],
    ['not advertised', -32013, 'MethodNotFound'],
    ['one from before', -32003, 'ExtensionError'],
  ])('makes an ExtensionError of %s, and keeps the state', async (_, rpc, code) => {
    const host = newHost()
    const id = await loadMep(host, { 2: no(2, rpc, ',"data":{"why":[1,"é"]}'), 3: no(3, rpc) })
    const error = await rejection(host.call(id, 'transform'))
    expect(error).toMatchObject({ code, method: 'transform', message: 'I would rather not.' })
    expect(error.rpc).toEqual({ code: rpc, data: { why: [1, 'é'] } })
    expect((await rejection(host.call(id, 'transform'))).rpc).toEqual({ code: rpc })
    expect(await host.call(id, 'transform')).toEqual({ request: 4 })
    expect(host.stats(id)).toMatchObject({ generation: 1, errorsByCode: { [code]: 2 } })
  })

  it.each([
    ['white space', ' '],
    ['no JSON', 'pong'],
    ['a list', '[]'],
    ['JSON-RPC of another version', '{"jsonrpc":"1.0","id":2,"result":1}'],
    ['to no request', '{"jsonrpc":"2.0","result":1}'],
    ['to another request', ok(1, '1')],
    ['to a request whose number is text', '{"jsonrpc":"2.0","id":"2","result":1}'],
    ['neither result nor error', '{"jsonrpc":"2.0","id":2}'],
    ['a result and an error', '{"jsonrpc":"2.0","id":2,"result":1,"error":{"code":1,"message":"x"}}'],
    ['an error that is text', '{"jsonrpc":"2.0","id":2,"error":"no"}'],
    ['two results', '{"jsonrpc":"2.0","id":2,"result":1,"result":2}'],
    ['more than one answer', ok(2, '1') + ok(2, '2')],
  ])('makes a ProtocolError of an answer that is %s', async (_, answer) => {
    const host = newHost()
    const id = await loadMep(host, { 2: answer })
    const error = await rejection(host.call(id, 'transform'))
    expect(error).toMatchObject({ code: 'ProtocolError', extension: 'mep', method: 'transform' })
    expect(error.rpc).toBeUndefined()
    expect(await host.call(id, 'transform')).toEqual({ request: 3 })
  })

  it.each<[string, string, string | RegExp]>([
    ['answers no JSON-RPC', 'ready', 'ready'],
    ['answers the protocol of others', '{"status":"ready"}', 'missing field `jsonrpc`'],
    ['has been opened before', no(1, -32600), 'I would rather not.'],
    ['fails', no(1, -32010), 'I would rather not.'],
    ['names no version', ok(1, '{"extension":{"types":[]}}'), 'protocolVersion'],
    ['names no types', ok(1, '{"protocolVersion":"0.1","extension":{}}'), 'types'],
    ['is null', ok(1, 'null'), 'protocolVersion'],
    ['traps', '!', 'trapped'],
  ])('does not load where the session %s', async (_, answer, words) => {
    const error = await rejection(loadMep(newHost(), { 1: answer }))
    expect(error).toMatchObject({ code: 'InitializationFailed', extension: 'mep', method: 'morphir.initialize' })
    expect(error.message).toMatch(words)
  })

  it('does not load what speaks another version, whoever finds it out', async () => {
    const data = { hostVersions: ['0.1'], extensionVersions: ['9.0'] }
    const result = ok(1, '{"protocolVersion":"9.0","extension":{"types":[]},"capabilities":{}}')
    for (const answer of [result, no(1, -32011, `,"data":${JSON.stringify(data)}`)]) {
      const error = await rejection(loadMep(newHost(), { 1: answer }))
      expect(error).toMatchObject({ code: 'InitializationFailed', rpc: { code: -32011, data } })
    }
  })

  it('stops what never answers', async () => {
    const host = newHost()
    const permissions = { maxExecutionTime: 200 }
    expect(await rejection(loadMep(host, { 1: '?' }, { permissions }))).toMatchObject({ code: 'Timeout' })
    const id = await loadMep(host, { 2: '?' }, { permissions })
    expect(await rejection(host.call(id, 'transform'))).toMatchObject({ code: 'Timeout' })
    expect(host.stats(id).generation).toBe(2)
  })

  it('knows the form that had no sessions', async () => {
    const host = newHost()
    const id = await loadMep(host, { 1: no(1, -32601) })
    expect(host.stats(id).dialect).toBe('mep-early')
    expect(host.capabilities(id).map(({ name }) => name)).toEqual(['transform'])
    expect(await host.call(id, 'transform')).toEqual({ request: 2 })
    expect(await rejection(host.call(id, 'validate'))).toMatchObject({ code: 'MethodNotFound' })
  })

  it.each([
    ['no JSON', 'a guest'],
    ['without types', '{"id":"guest"}'],
    ['of types that are none', '{"types":"transform"}'],
    ['a trap', '!'],
  ])('does not load what has no sessions and whose description is %s', async (_, description) => {
    const config = { 1: no(1, -32601), i: description }
    const error = await rejection(load(newHost(), 'mep', { config }))
    expect(error).toMatchObject({ code: 'InitializationFailed', method: 'morphir_extension_info' })
  })
})
