import { existsSync } from 'node:fs'
import Ajv2020 from 'ajv/dist/2020.js'
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
  WITHOUT_OTHERS,
} from './support/examples.ts'
import { newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

const EXTENSION = exampleModule('json-schema')
const made = existsSync(EXTENSION) ? '' : ' (its module is made by `npm run build:extensions -- --only json-schema`)'

interface Generated {
  success: boolean
  artifacts: { path: string; content: string }[]
  diagnostics: { severity: string; code: string; message: string }[]
}

const sdk = (module: string[], name: string[], ...of: unknown[]) => [
  'Reference',
  {},
  [[['morphir'], ['s', 'd', 'k']], [module], name],
  of,
]
const INT = sdk(['basics'], ['int'])
const alias = (tpe: unknown) => ['TypeAliasDefinition', [], tpe]
const SHOP = library([[['price'], alias(INT)]], [])
const SCHEMA = {
  $id: 'https://morphir.finos.org/shop.schema.json',
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: { 'M.Price': { type: 'integer' } },
}

/** Formats are for other packages of ajv's to check. */
function compiled(content: string) {
  const ajv = new Ajv2020({ validateFormats: false, strict: true, strictTuples: false })
  const schema = JSON.parse(content) as { $id: string; $defs: Record<string, unknown> }
  ajv.addSchema(schema)
  for (const name of Object.keys(schema.$defs)) ajv.compile({ $ref: `${schema.$id}#/$defs/${name}` })
  return (name: string, value: unknown) => ajv.validate({ $ref: `${schema.$id}#/$defs/${name}` }, value)
}

describe.skipIf(made)(`json-schema${made}`, () => {
  async function generated(ir: unknown, options?: object, config?: object) {
    const host = newHost()
    return host.call<Generated>(await loadExample(host, 'json-schema', config), 'generate', { ir, options })
  }

  it('makes a schema of a small model', async () => {
    const { success, artifacts, diagnostics } = await generated(SHOP)
    expect({ success, diagnostics, paths: artifacts.map(({ path }) => path) }).toEqual({
      success: true,
      diagnostics: [],
      paths: ['Shop.json'],
    })
    expect(JSON.parse(artifacts[0]!.content)).toEqual(SCHEMA)
  })

  describe.skipIf(!hasModel)('of the example model (its IR is made by `npm run demo` and `npm test`)', () => {
    async function schemaOfModel() {
      const host = newHost()
      return callWithIr<Generated>(host, await loadExample(host, 'json-schema'), 'generate', modelIr())
    }

    it('makes what morphir-elm makes, byte for byte', async () => {
      const path = 'Tidewater.Chartering.json'
      expect(await schemaOfModel()).toEqual({
        success: true,
        artifacts: [{ path, content: expected(path) }],
        diagnostics: [],
      })
    })

    it('makes a schema that ajv compiles, and that tells what is right', async () => {
      const validates = compiled((await schemaOfModel()).artifacts[0]!.content)
      const cargo = { commodity: 'Grain', tonnes: 3 }
      const claim = { made: '2026-01-31', cause: ['Damage', cargo, 0.5], evidence: ['WordOfMouth'], ports: ['Oslo'] }
      expect(validates('Claim.Claim', claim)).toBe(true)
      expect(validates('Claim.Claim', { ...claim, remark: 'wet' })).toBe(true)
      expect(validates('Claim.Claim', { ...claim, remark: 5 })).toBe(false)
      expect(validates('Claim.Claim', { ...claim, evidence: ['Rumour'] })).toBe(false)
      expect(validates('Claim.Claim', { ...claim, ports: ['Oslo', 'Oslo'] })).toBe(false)
      // As morphir-elm has it: a list may end early.
      expect(validates('Claim.Claim', { ...claim, cause: ['Damage', cargo] })).toBe(true)
      expect(validates('Claim.Claim', { ...claim, cause: ['Damage', cargo, 0.5, 1] })).toBe(false)
      expect(validates('Claim.Claim', { ...claim, made: undefined })).toBe(false)
      expect(validates('Claim.Answer', ['Ok', 5])).toBe(true)
      expect(validates('Claim.Answer', ['Err', 5])).toBe(false)
      expect(validates('Claim.Ledger', [[5, claim]])).toBe(true)
      expect(validates('Claim.Ledger', [['5', claim]])).toBe(false)
    })
  })

  it.skipIf(others.length === 0)(`makes of other models what morphir-elm makes${WITHOUT_OTHERS}`, async () => {
    const host = newHost()
    const id = await loadExample(host, 'json-schema')
    for (const name of others.filter((name) => hasOther(`${name}.schema.json`))) {
      const { artifacts } = await callWithIr<Generated>(host, id, 'generate', other(`${name}.json`))
      expect({ name, schema: JSON.parse(artifacts[0]!.content) }).toEqual({
        name,
        schema: JSON.parse(other(`${name}.schema.json`)),
      })
      compiled(artifacts[0]!.content)
    }
  })

  it('names all types that it cannot map, and makes nothing', async () => {
    const ir = library(
      [
        [['a'], alias(['Unit', {}])],
        [['b'], alias(['Variable', {}, ['x']])],
        [['c'], alias(INT)],
      ],
      [],
    )
    expect(await generated(ir)).toEqual({
      success: false,
      artifacts: [],
      diagnostics: ['Cannot map type () in module M', 'Cannot map type x in module M'].map((message) => ({
        severity: 'error',
        code: 'unmapped-type',
        message,
      })),
    })
  })

  it('warns of references that lead nowhere', async () => {
    const { success, artifacts, diagnostics } = await generated(
      library([[['a'], alias(sdk(['basics'], ['order']))]], []),
    )
    expect(success).toBe(true)
    expect(diagnostics).toEqual([
      {
        severity: 'warning',
        code: 'undefined-reference',
        message: 'M.A refers to Morphir.SDK:Basics:order, which the schema does not define',
      },
    ])
    expect(() => compiled(artifacts[0]!.content)).toThrow('Basics.Order')
  })

  it('takes the name of the artifact from its options, else from its config', async () => {
    expect((await generated(SHOP, { filename: 'shop' })).artifacts[0]!.path).toBe('shop.json')
    expect((await generated(SHOP, {}, { filename: 'by-config' })).artifacts[0]!.path).toBe('by-config.json')
    expect((await generated(SHOP, { filename: 'a' }, { filename: 'b' })).artifacts[0]!.path).toBe('a.json')
  })

  it.each([
    ['no params', undefined],
    ['no IR', {}],
    ['an option there is not', { ir: SHOP, options: { fileName: 'a' } }],
    ['an empty name', { ir: SHOP, options: { filename: '' } }],
    ['a path', { ir: SHOP, options: { filename: '../etc/passwd' } }],
    ['a path of Windows', { ir: SHOP, options: { filename: String.raw`a\b` } }],
    ['a hidden name', { ir: SHOP, options: { filename: '.npmrc' } }],
  ])('refuses %s', async (_, params) => {
    const host = newHost()
    const error = await rejection(host.call(await loadExample(host, 'json-schema'), 'generate', params))
    expect(error).toMatchObject({ code: 'ExtensionError', message: expect.stringContaining('params: ') })
  })

  it('does not start with a config that it cannot read', async () => {
    const error = await rejection(loadExample(newHost(), 'json-schema', { filename: 'a/b' }))
    expect(error).toMatchObject({ code: 'InitializationFailed', message: expect.stringContaining('config: ') })
  })

  it.each([
    ['version 4', { ...SHOP, formatVersion: 4 }, 'ir has format version 4, a draft'],
    ['version 2', { ...SHOP, formatVersion: 2 }, 'ir has format version 2; 3 is known'],
    ['an unknown type', library([[['a'], alias(['Any', {}])]], []), 'unknown type "Any" at line 1 column '],
  ])('refuses an IR of %s in one sentence, and goes on', async (_, ir, sentence) => {
    const host = newHost()
    const id = await loadExample(host, 'json-schema')
    const error = await rejection(host.call(id, 'generate', { ir }))
    expect(error).toMatchObject({ code: 'ExtensionError', message: expect.stringContaining(sentence) })
    expect(await host.call(id, 'generate', { ir: SHOP })).toMatchObject({ success: true })
    expect(host.stats(id)).toMatchObject({ generation: 1, errors: 1 })
  })

  it('takes types that nest 113 and 200 levels deep, and refuses deeper ones', async () => {
    const host = newHost()
    const id = await loadExample(host, 'json-schema')
    const deep = (depth: number) =>
      JSON.stringify(library([[['a'], alias('DEEP')]], [])).replace(
        '"DEEP"',
        nested(depth - 1, '["Tuple",{},[', JSON.stringify(INT), ']]'),
      )
    for (const depth of [113, 200]) {
      expect(await callWithIr<Generated>(host, id, 'generate', deep(depth))).toMatchObject({ success: true })
    }
    for (const depth of [201, 100_000]) {
      const error = await rejection(callWithIr<Generated>(host, id, 'generate', deep(depth)))
      expect(error).toMatchObject({ code: 'ExtensionError' })
      expect(error.message).toContain('a type is nested deeper than 200 levels')
    }
    expect(host.stats(id)).toMatchObject({ generation: 1 })
  })

  it('conforms', async () => {
    const { checks } = await checkConformance(EXTENSION, {
      cacheDir: process.env.MORPHIR_TEST_CACHE,
      method: 'generate',
    })
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  })
})
