import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkConformance } from '@finos/morphir-extension-host/conformance'
import {
  callWithIr,
  exampleModule,
  hasModel,
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

const EXTENSION = exampleModule('lint')
const made = existsSync(EXTENSION) ? '' : ' (its module is made by `npm run build:extensions -- --only lint`)'

interface Linted {
  valid: boolean
  diagnostics: {
    severity: string
    code: string
    message: string
    data: { module: string; value: string; name?: string }
  }[]
}

const UNIT = ['Unit', {}]
const variable = (name: string) => ['Variable', {}, [name]]
const named = (name: string) => ['AsPattern', {}, ['WildcardPattern', {}], [name]]
const withArguments = (names: string[], body: unknown) => ({
  ...valueOf(body),
  inputTypes: names.map((name) => [[name], {}, UNIT]),
})
const UNUSED = library([], [[['order', 'total'], withArguments(['used', 'spare'], variable('used'))]])
const FAULT = {
  severity: 'warning',
  code: 'unused-argument',
  message: 'M.orderTotal does not use its argument spare',
  data: { module: 'M', value: 'orderTotal', name: 'spare' },
}

/** What is wrong with other models, where it is known: the rule, the value and the name. */
const KNOWN: Record<string, { all: boolean; unusedArguments: string[] }> = {
  lcr: { all: true, unusedArguments: ['US.LCR.AggregatedRuleBalances.supplementalValues fromDate'] },
  'reference-model': { all: false, unusedArguments: ['Formulas.lawOfGravitation7 f2'] },
}

describe.skipIf(made)(`lint${made}`, () => {
  async function linted(ir: unknown, rules?: object, config?: object) {
    const host = newHost()
    const options = rules && { rules }
    return host.call<Linted>(await loadExample(host, 'lint', config), 'validate', { ir, options })
  }

  it('finds an argument that is not used', async () => {
    expect(await linted(UNUSED)).toEqual({ valid: true, diagnostics: [FAULT] })
  })

  it('finds nothing where nothing is wrong', async () => {
    expect(await linted(library([], []))).toEqual({ valid: true, diagnostics: [] })
  })

  it('finds a name that hides another, which morphir-elm would have refused', async () => {
    const lambda = ['Lambda', {}, named('used'), variable('used')]
    const { diagnostics } = await linted(
      library([], [[['v'], withArguments(['used'], ['Tuple', {}, [variable('used'), lambda]])]]),
    )
    expect(diagnostics.map(({ code, data }) => [code, data.name])).toEqual([['shadowed-name', 'used']])
  })

  it.skipIf(!hasModel)(
    'finds each fault of the example model (its IR is made by `npm run demo` and `npm test`)',
    async () => {
      const host = newHost()
      const id = await loadExample(host, 'lint')
      const { valid, diagnostics } = await callWithIr<Linted>(host, id, 'validate', modelIr())
      expect(valid).toBe(true)
      expect(diagnostics.map(({ severity, code, message }) => [severity, code, message])).toEqual([
        ['warning', 'unused-argument', 'Claim.amount does not use its argument carrier'],
        ['warning', 'constant-condition', 'Claim.answer has a condition that is always the same'],
        ['warning', 'unused-binding', 'Claim.answer does not use what it defines as reason'],
        ['hint', 'unused-pattern-variable', 'Claim.average does not use what a pattern calls longest'],
        [
          'warning',
          'unreachable-branch',
          'Claim.weight never comes to branch 4 of a match, because branch 3 takes everything',
        ],
        ['hint', 'unused-pattern-variable', 'Claim.weight does not use what a pattern calls subject'],
      ])
    },
  )

  it.skipIf(others.length === 0)(`finds what is known to be wrong in other models${WITHOUT_OTHERS}`, async () => {
    const host = newHost()
    const id = await loadExample(host, 'lint')
    for (const name of others) {
      const { diagnostics } = await callWithIr<Linted>(host, id, 'validate', other(`${name}.json`))
      const { all = false, unusedArguments = [] } = KNOWN[name] ?? {}
      const found = diagnostics
        .filter(({ code }) => code === 'unused-argument')
        .map(({ data }) => `${data.module}.${data.value} ${data.name}`)
      expect({ name, found }).toEqual({ name, found: all ? unusedArguments : expect.arrayContaining(unusedArguments) })
    }
  })

  it('takes rules from its options, else from its config', async () => {
    const error = { ...FAULT, severity: 'error' }
    expect(await linted(UNUSED, { 'unused-argument': 'error' })).toEqual({ valid: false, diagnostics: [error] })
    expect(await linted(UNUSED, { 'unused-argument': 'off' })).toEqual({ valid: true, diagnostics: [] })
    const config = { rules: { 'unused-argument': 'error' } }
    expect(await linted(UNUSED, undefined, config)).toEqual({ valid: false, diagnostics: [error] })
    expect(await linted(UNUSED, { 'unused-binding': 'off' }, config)).toMatchObject({ valid: false })
    expect(await linted(UNUSED, { 'unused-argument': 'hint' }, config)).toMatchObject({ valid: true })
  })

  it.each([
    ['no params', undefined],
    ['no IR', {}],
    ['a rule there is not', { ir: UNUSED, options: { rules: { 'unused-arguments': 'off' } } }],
    ['a level there is not', { ir: UNUSED, options: { rules: { 'unused-argument': 'fatal' } } }],
    ['rules that are a list', { ir: UNUSED, options: { rules: ['unused-argument'] } }],
    ['an option there is not', { ir: UNUSED, options: { rule: {} } }],
  ])('refuses %s', async (_, params) => {
    const host = newHost()
    const error = await rejection(host.call(await loadExample(host, 'lint'), 'validate', params))
    expect(error).toMatchObject({ code: 'ExtensionError', message: expect.stringContaining('params: ') })
  })

  it('does not start with a config that it cannot read', async () => {
    const error = await rejection(loadExample(newHost(), 'lint', { rules: { 'unused-argument': true } }))
    expect(error).toMatchObject({ code: 'InitializationFailed', message: expect.stringContaining('config: ') })
  })

  it.each([
    ['version 4', { ...UNUSED, formatVersion: 4 }, 'ir has format version 4, a draft'],
    ['version 2', { ...UNUSED, formatVersion: 2 }, 'ir has format version 2; 3 is known'],
    ['an unknown value', library([], [[['v'], valueOf(['Loop', {}])]]), 'unknown value "Loop" at line 1 column '],
  ])('refuses an IR of %s in one sentence, and goes on', async (_, ir, sentence) => {
    const host = newHost()
    const id = await loadExample(host, 'lint')
    const error = await rejection(host.call(id, 'validate', { ir }))
    expect(error).toMatchObject({ code: 'ExtensionError', message: expect.stringContaining(sentence) })
    expect(await host.call(id, 'validate', { ir: UNUSED })).toMatchObject({ diagnostics: [FAULT] })
    expect(host.stats(id)).toMatchObject({ generation: 1, errors: 1 })
  })

  it.each([113, 100_000])('takes values that nest %d levels deep', async (depth) => {
    const host = newHost()
    const id = await loadExample(host, 'lint')
    const ir = JSON.stringify(library([], [[['v'], withArguments(['used', 'spare'], 'DEEP')]]))
    for (const [open, close] of [
      ['["Apply",{},', `,${JSON.stringify(UNIT)}]`],
      ['["Lambda",{},["WildcardPattern",{}],', ']'],
      ['["LetDefinition",{},["x"],{"inputTypes":[],"outputType":["Unit",{}],"body":', '},["Variable",{},["x"]]]'],
    ] as const) {
      const deep = nested(depth, open, JSON.stringify(variable('used')), close)
      const { diagnostics } = await callWithIr<Linted>(host, id, 'validate', ir.replace('"DEEP"', deep))
      const found = diagnostics.filter(({ code }) => code === 'unused-argument')
      expect(found.map(({ data }) => data.name)).toEqual(['spare'])
    }
    expect(host.stats(id)).toMatchObject({ generation: 1, errors: 0 })
  })

  it('finds just the names that are left out of generated values', async () => {
    const host = newHost()
    const id = await loadExample(host, 'lint')
    for (let seed = 1; seed <= 40; seed += 1) {
      const { body, unused } = generated(seed)
      const { diagnostics } = await host.call<Linted>(id, 'validate', { ir: library([], [[['v'], valueOf(body)]]) })
      const found = diagnostics.map(({ code, data }) => `${code} ${data.name}`)
      expect({ seed, found: found.toSorted() }).toEqual({ seed, found: unused.toSorted() })
    }
  })

  it('conforms', async () => {
    const { checks } = await checkConformance(EXTENSION, {
      cacheDir: process.env.MORPHIR_TEST_CACHE,
      method: 'validate',
    })
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  })
})

/**
 * A value that gives each name once and uses it once or not at all, and which names those are: the same for each seed. What is wrong is
 * known because it was made so, not because it was looked for.
 */
function generated(seed: number): { body: unknown; unused: string[] } {
  let state = seed
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  const unused: string[] = []
  let names = 0
  const value = (depth: number, uses: string[]): unknown => {
    if (depth === 0) return ['Tuple', {}, uses.map(variable)]
    const name = `n${(names += 1)}`
    // A name that is used is used at the bottom of its scope, whatever comes between.
    const bind = (rule: string) => {
      if (random(2) === 0) return [...uses, name]
      unused.push(`${rule} ${name}`)
      return uses
    }
    switch (random(6)) {
      case 0:
        return ['Lambda', {}, named(name), value(depth - 1, bind('unused-pattern-variable'))]
      case 1: {
        const inner = bind('unused-binding')
        return ['LetDefinition', {}, [name], valueOf(value(random(depth), [])), value(depth - 1, inner)]
      }
      case 2: {
        const inner = bind('unused-argument')
        const definition = withArguments([name], value(depth - 1, inner))
        return ['LetDefinition', {}, [`f${name}`], definition, variable(`f${name}`)]
      }
      case 3:
        return [
          'Destructure',
          {},
          named(name),
          value(random(depth), []),
          value(depth - 1, bind('unused-pattern-variable')),
        ]
      case 4: {
        const first = [named(name), value(depth - 1, bind('unused-pattern-variable'))]
        return ['PatternMatch', {}, UNIT, [[['LiteralPattern', {}, ['CharLiteral', 'x']], UNIT], first]]
      }
      default: {
        const inner = bind('unused-binding')
        return ['LetRecursion', {}, [[[name], valueOf(variable(name))]], value(depth - 1, inner)]
      }
    }
  }
  return { body: value(1 + (seed % 30), []), unused }
}
