import { existsSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { ExtensionHost, type LogRecord } from '@finos/morphir-extension-host'
import { newHost } from './support/host.ts'
import { LANGUAGES, moduleOf as module } from './support/languages.ts'
import { rejection } from './support/promise.ts'

const json = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Ir
const MODEL = '../examples/model/morphir-ir.json'
const hasModel = existsSync(new URL(MODEL, import.meta.url))

interface Ir {
  formatVersion: unknown
  distribution: [kind: 'Library', name: string[][], dependencies: unknown[], definition: { modules: Module[] }]
}
type Module = [
  path: string[][],
  definition: { access: string; value: { doc?: string | null } & Record<string, unknown> },
]

interface Documented {
  transformed: boolean
  documented: number
  output: unknown
}

/** What every one of them has to answer. */
function documented(ir: Ir, text: string): Documented {
  if (ir.formatVersion !== 3) return { transformed: false, documented: 0, output: ir }
  const output = structuredClone(ir)
  let count = 0
  for (const [, { value }] of output.distribution[3].modules) {
    if (value.doc !== undefined && value.doc !== null && value.doc !== '') continue
    value.doc = text
    count += 1
  }
  return { transformed: count > 0, documented: count, output }
}

const library = (
  modules: unknown,
  name: unknown = [
    ['tide', 'water'],
    ['u', 's'],
  ],
) => ({
  formatVersion: 3,
  distribution: ['Library', name, [], { modules }],
})
const moduleOf = (value: object, path = [['m']]) => [
  path,
  { access: 'Public', value: { types: [], values: [], ...value } },
]
const MIXED = library([
  moduleOf({ doc: null }, [['of', 'null']]),
  moduleOf({ doc: 'It is documented.' }, [['of', 'text']]),
  moduleOf({ doc: '' }, [['of', 'nothing']]),
  moduleOf({}, [['without']]),
  [[['empty']], { access: 'Private', value: {} }],
  moduleOf({ doc: ' ' }, [['of', 'a', 'space']]),
]) as unknown as Ir

const SENTENCE = 'documentation must be a text that is not empty'

for (const language of LANGUAGES) {
  const there = existsSync(module(language))
  const made = there ? '' : ` (its module is made by \`npm run build:extensions -- --only ${language}\`)`

  describe.skipIf(!there)(`the extension in ${language}${made}`, () => {
    const load = (host: ExtensionHost, config = {}) =>
      host.loadExtension({
        name: language,
        source: { type: 'wasm', path: module(language) },
        permissions: { maxMemory: '256MiB', maxExecutionTime: '20s' },
        config,
      })

    // Into the tests' cache: engines take seconds to compile, minutes on a busy machine.
    beforeAll(async () => {
      await using host = new ExtensionHost({ cacheDir: process.env.MORPHIR_TEST_CACHE })
      await load(host)
    }, 300_000)

    async function loaded(config?: object) {
      const host = newHost()
      return { host, id: await load(host, config) }
    }

    async function transformed(ir: unknown, options?: object, config?: object) {
      const { host, id } = await loaded(config)
      return host.call<Documented>(id, 'transform', { ir, options })
    }

    it.each([
      ['a number', 5],
      ['empty', ''],
      ['null', null],
      ['a list', ['text']],
    ])('does not start with a documentation that is %s', async (_, documentation) => {
      const error = await rejection(load(newHost(), { documentation }))
      expect(error).toMatchObject({ code: 'InitializationFailed', extension: language, method: 'initialize' })
      expect(error.message).toContain(SENTENCE)
    })

    it('says what it can do, with schemas', async () => {
      const { host, id } = await loaded()
      expect(host.capabilities(id)).toEqual([
        {
          name: 'transform',
          description: 'Documents the modules that have no documentation',
          params_schema: expect.objectContaining({ type: 'object', required: ['ir'] }),
          return_schema: expect.objectContaining({ type: 'object' }),
        },
        {
          name: 'echo',
          description: 'Answers its params',
          params_schema: expect.anything(),
          return_schema: expect.anything(),
        },
      ])
    })

    it.each([
      ['params that are not JSON', 'not JSON', /^params are not JSON: ./],
      ['params that end within a value', '{"ir":{"formatVersion":3', /^params are not JSON: ./],
      ['params with something after their end', '{"ir":{}} {}', /^params are not JSON: ./],
      ['an escape that there is not', String.raw`{"ir":{"a":"\x"}}`, /^params are not JSON: ./],
      ['no params', '', /^params are not JSON: ./],
      ['params without an IR', '{"options":{}}', /params need an "ir" that is an object/],
      ['an IR that is no object', '{"ir":[]}', /params need an "ir" that is an object/],
      ['an IR that is null', '{"ir":null}', /params need an "ir" that is an object/],
      ['an IR without a distribution', '{"ir":{"formatVersion":3}}', /the IR has no modules: ./],
      [
        'a distribution that is no library',
        '{"ir":{"formatVersion":3,"distribution":["Other"]}}',
        /the IR has no modules: ./,
      ],
      [
        'a library that is cut short',
        '{"ir":{"formatVersion":3,"distribution":["Library",[],[]]}}',
        /the IR has no modules: ./,
      ],
      ['modules that are no list', JSON.stringify({ ir: library({}) }), /the IR has no modules: ./],
      ['a module that is no pair', JSON.stringify({ ir: library([[]]) }), /the IR has no modules: ./],
      ['a module without a definition', JSON.stringify({ ir: library([[[['m']], {}]]) }), /the IR has no modules: ./],
      ['a documentation that is a number', JSON.stringify({ ir: MIXED, options: { documentation: 1 } }), SENTENCE],
      ['a documentation that is empty', JSON.stringify({ ir: MIXED, options: { documentation: '' } }), SENTENCE],
    ])('refuses %s in one sentence, and goes on', async (_, params, sentence) => {
      const { host, id } = await loaded()
      const error = await rejection(host.callRaw(id, 'transform', params))
      expect(error).toMatchObject({ code: 'ExtensionError', extension: language, method: 'transform' })
      if (typeof sentence === 'string') expect(error.message).toContain(sentence)
      else expect(error.message).toMatch(sentence)
      expect(error.message).not.toContain('\n')
      expect(await host.call(id, 'transform', { ir: MIXED })).toMatchObject({ documented: 4 })
      expect(host.stats(id)).toMatchObject({ generation: 1, errors: 1 })
    })

    it('refuses to echo nothing, and goes on', async () => {
      const { host, id } = await loaded()
      expect(await rejection(host.callRaw(id, 'echo'))).toMatchObject({ code: 'ExtensionError', method: 'echo' })
      expect(await host.call(id, 'echo', 'still')).toBe('still')
    })

    it.each([
      'null',
      '""',
      ' [ 1 , 2.50 , -0 , 12345678901234567890 ] ',
      '{"z":1,"a":{"b":[true,false,null]}}',
      String.raw`"Größe 日本語 🧜🏽‍♀️ e\u0301 \u2028 \u0000 \"\\\/ ` + '\u2028"',
    ])('echoes %s as it is', async (text) => {
      const { host, id } = await loaded()
      expect(new TextDecoder().decode(await host.callRaw(id, 'echo', text))).toBe(text)
    })

    it.each([
      ['null, empty or missing documentation', MIXED],
      ['the tiny model', json('../fixtures/tiny-ir.json')],
      ['no modules at all', library([]) as unknown as Ir],
    ])('documents what is not documented, and nothing else: %s', async (_, ir) => {
      expect(await transformed(ir)).toEqual(documented(ir, 'Not documented yet.'))
    })

    it.skipIf(!hasModel)('documents the example model (its IR is made by `npm run demo` and `npm test`)', async () => {
      const ir = json(MODEL)
      const bare = structuredClone(ir)
      for (const [, { value }] of bare.distribution[3].modules) value.doc = null
      expect(await transformed(bare)).toEqual(documented(bare, 'Not documented yet.'))
      expect(await transformed(ir)).toEqual(documented(ir, 'Not documented yet.'))
    })

    it('takes the text from its options, else from its config', async () => {
      const config = { documentation: 'By the "config": \\ Größe 🧜🏽‍♀️\n' }
      expect(await transformed(MIXED, undefined, config)).toEqual(documented(MIXED, config.documentation))
      expect(await transformed(MIXED, {}, config)).toEqual(documented(MIXED, config.documentation))
      const options = { documentation: 'By "options": \\ 日本語\t' }
      expect(await transformed(MIXED, options, config)).toEqual(documented(MIXED, options.documentation))
    })

    it('has the text of its config in each of its instances', async () => {
      const host = newHost()
      const source = { type: 'wasm', path: module(language) } as const
      const config = { documentation: 'For all.' }
      const id = await host.loadExtension({ name: language, source, config, instances: 2 })
      const answers = await Promise.all([MIXED, MIXED, MIXED, MIXED].map((ir) => host.call(id, 'transform', { ir })))
      for (const answer of answers) expect(answer).toEqual(documented(MIXED, 'For all.'))
    })

    it.each([
      ['version 2', { formatVersion: 2, distribution: ['library', { modules: [] }] }],
      [
        'version 4',
        { formatVersion: 4, distribution: { Library: { packageName: 'tide/water', def: { modules: {} } } } },
      ],
      ['no version', { modules: [{ doc: null }] }],
    ])('passes an IR of %s through unharmed', async (_, ir) => {
      expect(await transformed(ir)).toEqual({ transformed: false, documented: 0, output: ir })
    })

    it('keeps what is beyond ASCII as it is', async () => {
      const words = 'Größe Ελληνικά 日本語 🧜🏽‍♀️ \u{10ffff} e\u0301 \u2028 \0 "\\/ \uFFFF'
      const ir = library([
        moduleOf({ doc: words, [words]: [words] }),
        moduleOf({ doc: null, values: [[words]] }),
      ]) as unknown as Ir
      expect(await transformed(ir)).toEqual(documented(ir, 'Not documented yet.'))
    })

    it('takes an object that has a key twice', async () => {
      const { host, id } = await loaded()
      const ir = JSON.stringify(library([moduleOf({ doc: null })])).replace(
        '{"formatVersion"',
        '{"x":1,"x":2,"formatVersion"',
      )
      const answer = JSON.parse(new TextDecoder().decode(await host.callRaw(id, 'transform', `{"ir":${ir}}`)))
      expect(answer).toMatchObject({ transformed: true, documented: 1 })
    })

    it('keeps numbers as they are, also those that JavaScript rounds', async () => {
      const integers = ['9007199254740993', '123456789012345678901234567890', '-18446744073709551617', '0']
      const numbers = [...integers, '0.1', '1.0', '2.50', '1E30', '-0', '0.12345678901234567890123']
      const ir = JSON.stringify(library([moduleOf({ doc: null, values: ['here'] })])).replace('"here"', numbers.join())
      const { host, id } = await loaded()
      const answer = new TextDecoder().decode(await host.callRaw(id, 'transform', `{"ir":${ir}}`))
      // A kit may lay out JSON with spaces.
      expect(answer.replaceAll(/\s/g, '')).toContain(`"values":[${numbers.join()}]`)
      expect(JSON.parse(answer)).toMatchObject({ transformed: true, documented: 1 })
    })

    it('logs a line for each transform', async () => {
      const log: LogRecord[] = []
      const host = newHost({ onLog: (record) => log.push(record) })
      const id = await load(host)
      log.length = 0
      await host.call(id, 'transform', { ir: MIXED })
      await host.call(id, 'transform', { ir: documented(MIXED, 'Text.').output })
      await host.call(id, 'echo', 'nothing to say')
      const record = { level: 'info', extension: language, id, method: 'transform' }
      expect(log).toEqual([
        { ...record, message: 'documented 4 of 6 modules of TideWater.US' },
        { ...record, message: 'documented 0 of 6 modules of TideWater.US' },
      ])
    })

    it('takes an IR of 60 levels and more', async () => {
      let value: unknown = 'bottom'
      for (let level = 0; level < 60; level += 1) value = level % 2 ? [value, level] : { level, in: value }
      const ir = library([moduleOf({ doc: null, values: [value] })]) as unknown as Ir
      expect(await transformed(ir)).toEqual(documented(ir, 'Not documented yet.'))
    })

    it('takes an IR of a megabyte', async () => {
      const values = Array.from({ length: 600 }, (_, index) => [['value', `${index}`], { doc: '', body: ['Unit', {}] }])
      const modules = Array.from({ length: 40 }, (_, index) => {
        const doc = index % 3 === 0 ? null : `Module ${index}.`
        return moduleOf({ doc, values }, [['module', `${index}`]])
      })
      const ir = library(modules) as unknown as Ir
      expect(JSON.stringify(ir).length).toBeGreaterThan(1_000_000)
      expect(isDeepStrictEqual(await transformed(ir), documented(ir, 'Not documented yet.'))).toBe(true)
    })

    it('takes a text of a megabyte', async () => {
      const ir = library([moduleOf({ doc: 'wörd "\n '.repeat(130_000) }), moduleOf({})]) as unknown as Ir
      expect(isDeepStrictEqual(await transformed(ir), documented(ir, 'Not documented yet.'))).toBe(true)
    })
  })
}
