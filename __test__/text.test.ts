import { describe, expect, it } from 'vitest'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

const MB = 1_000_000
const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes)

async function echo(permissions = {}) {
  const host = newHost()
  const id = await load(host, 'echo', { permissions })
  return { host, id }
}

describe('text', () => {
  it.each([
    ['of ASCII', 'plain'],
    ['of Latin letters', 'Größe, smörgås, ÿ'],
    ['of many scripts', 'Ελληνικά Кириллица עברית 한국어 日本語 ไทย'],
    ['of signs beyond 16 bits', '🧜🏽‍♀️ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10ffff}'],
    ['with combining marks', 'e\u0301 \u0301'],
    ['with zeros', '\0begin\0middle\0\0end\0'],
    ['with control letters and line separators', '\u0001\u001f\u007f\u0085\u2028\u2029\r\n\t'],
    ['with marks of order and direction', '\uFEFFmarked\u200F\u202E'],
    ['of private and unassigned signs', '\uE000\uFFFE\uFFFF'],
  ])('%s comes back as it was, as params and as raw input', async (_, words) => {
    const { host, id } = await echo()
    expect(await host.call(id, 'echo', words)).toBe(words)
    expect(await host.call(id, 'echo', { [words]: [words] })).toEqual({ [words]: [words] })
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(await host.callRaw(id, 'echo', words))).toBe(words)
    expect(await host.callMany(id, 'echo', [words, words])).toEqual([words, words])
    expect(host.callSync(id, 'echo', words)).toBe(words)
  })

  it('of halves of pairs comes back in params, where JSON escapes them, and replaced in raw input', async () => {
    const { host, id } = await echo()
    const halves = 'a\uD83Db\uDE00c'
    expect(await host.call(id, 'echo', halves)).toBe(halves)
    expect(text(await host.callRaw(id, 'echo', halves))).toBe('a\uFFFDb\uFFFDc')
  })

  it('of every sign of the first plane comes back', async () => {
    const { host, id } = await echo()
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join('')
    expect(await host.call(id, 'echo', all)).toBe(all)
  })

  it('that is not UTF-8 is a ProtocolError for call, and bytes for callRaw', async () => {
    const { host, id } = await echo()
    const error = await rejection(host.call(id, 'not_utf8'))
    expect(error).toMatchObject({ code: 'ProtocolError', extension: 'echo', method: 'not_utf8' })
    expect(await host.callRaw(id, 'not_utf8')).toEqual(Uint8Array.of(0x63, 0x61, 0x66, 0xc3, 0xa9, 0x20, 0xff, 0xfe))
    expect(await rejection(host.callMany(id, 'not_utf8', [1]))).toMatchObject({ code: 'ProtocolError', index: 0 })
    expect(host.stats(id)).toMatchObject({ generation: 1, errorsByCode: { ProtocolError: 2 } })
  })

  it.each([
    ['overlong', [0xc0, 0x80]],
    ['a half of a pair', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['cut off', [0xf0, 0x9f, 0x98]],
  ])('that is UTF-8 almost (%s) is none', async (_, bytes) => {
    const { host, id } = await echo()
    expect(await host.callRaw(id, 'echo', Uint8Array.from(bytes))).toEqual(Uint8Array.from(bytes))
  })
})

describe('what is large', () => {
  it('comes back: 100 MB of bytes', async () => {
    const { host, id } = await echo({ maxMemory: '300MB' })
    const bytes = new Uint8Array(100 * MB)
    for (let index = 0; index < bytes.length; index += 4093) bytes[index] = index % 251
    const answer = await host.callRaw(id, 'echo', bytes)
    expect(answer.length).toBe(bytes.length)
    expect(Buffer.compare(answer, bytes)).toBe(0)
  })

  it('comes back: 10 MB of JSON text, ASCII or not', { timeout: 60_000 }, async () => {
    const { host, id } = await echo()
    for (const word of ['word', 'wörd']) {
      const params = Array.from({ length: 100_000 }, (_, index) => ({ index, word: word.repeat(20) }))
      expect(JSON.stringify(await host.call(id, 'echo', params))).toBe(JSON.stringify(params))
    }
  })

  it('does not hold the thread while the guest has it', async () => {
    const { host, id } = await echo({ maxMemory: '300MB' })
    const answer = host.callRaw(id, 'echo', new Uint8Array(50 * MB))
    let turns = 0
    const count = setInterval(() => (turns += 1), 0)
    await answer
    clearInterval(count)
    expect(turns).toBeGreaterThan(0)
  })

  it('comes back: JSON of 10,000 levels', async () => {
    const { host, id } = await echo()
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
    expect(text(await host.callRaw(id, 'echo', deep))).toBe(deep)
    const deepObjects = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`
    expect(text(await host.callRaw(id, 'echo', deepObjects))).toBe(deepObjects)
  })

  it('comes back: params of 2,000 levels', async () => {
    const { host, id } = await echo()
    let params: unknown = 'bottom'
    for (let level = 0; level < 2000; level += 1) params = level % 2 ? [params] : { in: params }
    expect(JSON.stringify(await host.call(id, 'echo', params))).toBe(JSON.stringify(params))
  })

  it('comes back: a config of 128 levels and more reaches initialize', async () => {
    const host = newHost()
    let config: object = {}
    for (let level = 0; level < 300; level += 1) config = { in: config }
    const id = await load(host, 'lifecycle', { config })
    expect(JSON.stringify(await host.call(id, 'config'))).toBe(JSON.stringify(config))
  })
})

describe('params that cannot be written as JSON', () => {
  const cyclic: { list: unknown[] } = { list: [] }
  cyclic.list.push(cyclic)
  const throwing = {
    get trouble() {
      throw new Error('I cannot be read')
    },
  }

  it.each([
    ['a BigInt', 1n],
    ['a BigInt inside', { deep: [{ er: 1n }] }],
    ['an object that contains itself', cyclic],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an object whose toJSON answers nothing', { toJSON: () => undefined }],
    ['an object that cannot be read', throwing],
  ])('are a SerializationError: %s', async (_, params) => {
    const { host, id } = await echo()
    const error = await rejection(host.call(id, 'echo', params))
    expect(error).toMatchObject({ code: 'SerializationError', extension: 'echo', method: 'echo' })
    expect(host.stats(id).calls).toBe(0)
    expect(await host.call(id, 'echo', 'still')).toBe('still')
  })
})

describe('answers that cannot be read as JSON', () => {
  it.each(['text', '{', '{"a":1,}', "{'a':1}", 'NaN', '01', '[1] [2]'])(
    'are a SerializationError with the reason as cause: %s',
    async (answer) => {
      const host = newHost()
      // Answers the entry of its configuration that the input names, as it is.
      const id = await load(host, 'plain', { lifecycle: 'none', config: { '"answer"': answer } })
      const error = await rejection(host.call(id, 'config', 'answer'))
      expect(error).toMatchObject({
        code: 'SerializationError',
        extension: 'plain',
        method: 'config',
        cause: expect.any(SyntaxError),
      })
      expect(error.message).toContain('callRaw')
      expect(text(await host.callRaw(id, 'config', '"answer"'))).toBe(answer)
    },
  )
})
