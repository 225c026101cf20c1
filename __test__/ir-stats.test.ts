import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkConformance } from '@finos/morphir-extension-host/conformance'
import {
  callWithIr,
  exampleModule,
  expected,
  hasModel,
  hasOther,
  library,
  loadExample,
  modelIr,
  nested,
  other,
  others,
  valueOf,
  WITHOUT_OTHERS,
} from './support/examples.ts'
import { newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

const EXTENSION = exampleModule('ir-stats')
const made = existsSync(EXTENSION) ? '' : ' (its module is made by `npm run build:extensions -- --only ir-stats`)'

interface Counted {
  valid: boolean
  diagnostics: { severity: string; code: string; message: string; data: { feature: string; count: number } }[]
  features: Record<string, number>
}

const UNIT = ['Unit', {}]
const UNITS = library([[['a'], ['TypeAliasDefinition', [], ['Tuple', {}, [UNIT, UNIT]]]]], [[['v'], valueOf(UNIT)]])
const COUNTS = { 'Type.Tuple': 1, 'Type.TypeAlias': 1, 'Type.Unit': 3, 'Value.Unit': 1 }

describe.skipIf(made)(`ir-stats${made}`, () => {
  async function counted(ir: unknown, options?: object, config?: object) {
    const host = newHost()
    return host.call<Counted>(await loadExample(host, 'ir-stats', config), 'validate', { ir, options })
  }

  it('counts the features of a small model', async () => {
    expect(await counted(UNITS)).toEqual({ valid: true, diagnostics: [], features: COUNTS })
  })

  it.skipIf(!hasModel)(
    'counts in the example model what morphir-elm counts (its IR is made by `npm run demo` and `npm test`)',
    async () => {
      const host = newHost()
      const id = await loadExample(host, 'ir-stats')
      const { features } = await callWithIr<Counted>(host, id, 'validate', modelIr())
      expect(features).toEqual(JSON.parse(expected('FeatureMetrics.json')))
    },
  )

  it.skipIf(others.length === 0)(`counts in other models what morphir-elm counts${WITHOUT_OTHERS}`, async () => {
    const host = newHost()
    const id = await loadExample(host, 'ir-stats')
    for (const name of others.filter((name) => hasOther(`${name}.stats.json`))) {
      const { features } = await callWithIr<Counted>(host, id, 'validate', other(`${name}.json`))
      expect({ name, features }).toEqual({ name, features: JSON.parse(other(`${name}.stats.json`)) })
    }
  })

  it('says which features are not supported', async () => {
    const supported = ['Type.TypeAlias', 'Type.Unit', 'Value.Unit', 'Value.Apply']
    const answer = await counted(UNITS, { supported })
    expect(answer).toEqual({
      valid: false,
      diagnostics: [
        {
          severity: 'error',
          code: 'unsupported-feature',
          message: 'the model uses Type.Tuple, which is not supported',
          data: { feature: 'Type.Tuple', count: 1 },
        },
      ],
      features: COUNTS,
    })
    expect(await counted(UNITS, { supported: Object.keys(COUNTS) })).toMatchObject({ valid: true, diagnostics: [] })
  })

  it('takes what is supported from its options, else from its config', async () => {
    expect((await counted(UNITS, {}, { supported: [] })).diagnostics).toHaveLength(4)
    expect((await counted(UNITS, { supported: ['Type.Unit'] }, { supported: [] })).diagnostics).toHaveLength(3)
  })

  it.each([
    ['version 4', { ...UNITS, formatVersion: 4 }, 'ir has format version 4, a draft'],
    ['version 4.0.0', { ...UNITS, formatVersion: '4.0.0' }, 'ir has format version 4, a draft'],
    ['version 2', { ...UNITS, formatVersion: 2 }, 'ir has format version 2; 3 is known'],
    ['no version', { distribution: [] }, 'missing field "formatVersion"'],
    ['an unknown value', library([], [[['v'], valueOf(['Loop', {}])]]), 'unknown value "Loop" at line 1 column '],
    ['no object', 5, 'ir is not a Morphir IR'],
  ])('refuses an IR of %s in one sentence, and goes on', async (_, ir, sentence) => {
    const host = newHost()
    const id = await loadExample(host, 'ir-stats')
    const error = await rejection(host.call(id, 'validate', { ir }))
    expect(error).toMatchObject({ code: 'ExtensionError', extension: 'ir-stats', method: 'validate' })
    expect(error.message).toContain(sentence)
    expect(await host.call(id, 'validate', { ir: UNITS })).toMatchObject({ features: COUNTS })
    expect(host.stats(id)).toMatchObject({ generation: 1, errors: 1 })
  })

  it.each([
    ['no params', undefined],
    ['no IR', { options: {} }],
    ['an option there is not', { ir: UNITS, options: { unsupported: [] } }],
    ['features that are no list', { ir: UNITS, options: { supported: 'Type.Unit' } }],
  ])('refuses %s', async (_, params) => {
    const host = newHost()
    const error = await rejection(host.call(await loadExample(host, 'ir-stats'), 'validate', params))
    expect(error).toMatchObject({ code: 'ExtensionError', message: expect.stringContaining('params: ') })
  })

  it('does not start with a config that it cannot read', async () => {
    const error = await rejection(loadExample(newHost(), 'ir-stats', { supported: 5 }))
    expect(error).toMatchObject({ code: 'InitializationFailed', message: expect.stringContaining('config: ') })
  })

  it.each([113, 100_000])('takes values that nest %d levels deep', async (depth) => {
    const host = newHost()
    const id = await loadExample(host, 'ir-stats')
    const deep = nested(depth, '["Tuple",{},[', '["Unit",{}]', ']]')
    const ir = JSON.stringify(library([[['a'], ['TypeAliasDefinition', [], 'DEEP']]], [[['v'], valueOf('DEEP')]]))
    const { features } = await callWithIr<Counted>(host, id, 'validate', ir.replaceAll('"DEEP"', deep))
    expect(features).toMatchObject({ 'Type.Tuple': depth, 'Value.Tuple': depth })
    const draft = `{"formatVersion":4,"distribution":${nested(depth, '[', '', ']')}}`
    const error = await rejection(callWithIr(host, id, 'validate', draft))
    expect(error).toMatchObject({ code: 'ExtensionError', message: expect.stringContaining('version 4, a draft') })
    expect(host.stats(id)).toMatchObject({ generation: 1 })
  })

  it('follows a type that contains itself once', async () => {
    const tree = ['Reference', {}, [[['shop']], [['m']], ['tree']], []]
    const constructors = {
      access: 'Public',
      value: [
        [
          ['node'],
          [
            [['left'], tree],
            [['right'], tree],
          ],
        ],
      ],
    }
    const { features } = await counted(library([[['tree'], ['CustomTypeDefinition', [], constructors]]], []))
    expect(features).toEqual({ 'Type.CustomType': 1, 'Type.Reference': 6 })
  })

  it('conforms', async () => {
    const { passed, checks } = await checkConformance(EXTENSION, { cacheDir: process.env.MORPHIR_TEST_CACHE })
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(passed).toBe(true)
  })
})
