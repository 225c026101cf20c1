import { createRequire } from 'node:module'
import { Ajv, type AnySchema } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'

const require = createRequire(import.meta.url)
const { readSchema, Unusable } = require('../lib/schema/read.js') as {
  readSchema: (raw: unknown) => object
  Unusable: new () => Error
}
const { faultOf, TooMuch } = require('../lib/schema/check.js') as {
  faultOf: (schema: object, value: unknown, name: string, steps: number) => string | undefined
  TooMuch: new () => Error
}

const fault = (schema: unknown, value: unknown, steps = 1e6) => faultOf(readSchema(schema), value, 'params', steps)

describe('what is wrong with a value', () => {
  it.each<[unknown, unknown, string]>([
    [{ type: 'string' }, 1, 'params must be string'],
    [{ type: ['string', 'null'] }, 1, 'params must be string or null'],
    [{ type: 'integer' }, 1.5, 'params must be integer'],
    [
      { properties: { options: { properties: { from: { type: 'string' } } } } },
      { options: { from: 1 } },
      'params/options/from must be string',
    ],
    [{ properties: { 'a/b~c': { type: 'null' } } }, { 'a/b~c': 1 }, 'params/a~1b~0c must be null'],
    [{ items: { type: 'number' } }, [1, '2'], 'params/1 must be number'],
    [{ required: ['ir'] }, {}, 'params must have "ir"'],
    [{ properties: { a: {} }, additionalProperties: false }, { a: 1, b: 1 }, 'params must not have "b"'],
    [{ enum: ['a', null, { b: 1 }] }, { b: 2 }, 'params must be one of ["a",null,{"b":1}]'],
    [{ const: { a: [1] } }, { a: [2] }, 'params must be {"a":[1]}'],
    [{ minLength: 2 }, '😀', 'params must have at least 2 characters'],
    [{ exclusiveMinimum: 0 }, 0, 'params must be more than 0'],
    [
      { uniqueItems: true },
      [{ a: 1, b: 2 }, 1, { b: 2, a: 1 }],
      'params must have no item twice: items 0 and 2 are the same',
    ],
    [{ not: { type: 'null' } }, null, 'params is what it must not be'],
    [{ oneOf: [{ type: 'number' }, { minimum: 1 }] }, 5, 'params must match one alternative only; it matches 2'],
    [{ anyOf: [{ type: 'number' }, { type: 'null' }] }, 'x', 'params must match one of 2 alternatives'],
    [
      { anyOf: [{ type: 'number' }, { properties: { kind: { const: 'a' }, size: { type: 'number' } } }] },
      { kind: 'a', size: 'big' },
      'params/size must be number',
    ],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, 'params must not have a property named "ab"'],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, 'params must have "b", because it has "a"'],
    [
      { properties: { __proto__: null, constructor: { type: 'string' } } },
      JSON.parse('{"constructor":1}'),
      'params/constructor must be string',
    ],
    [{ $ref: '#/$defs/a%20b', $defs: { 'a b': { type: 'null' } } }, 1, 'params must be null'],
    [false, 1, 'params is not allowed'],
  ])('is said with its place: %j of %j', (schema, value, words) => {
    expect(fault(schema, value)).toBe(words)
  })

  it('is not said at length', () => {
    const long = 'x'.repeat(1_000_000)
    for (const [schema, value] of [
      [{ required: [long] }, {}],
      [{ enum: [long] }, 1],
      [{ additionalProperties: false }, { [long]: 1 }],
      [{ additionalProperties: { type: 'null' } }, { [long]: 1 }],
    ]) {
      expect(fault(schema, value)!.length).toBeLessThan(500)
    }
  })

  it('follows references that make a circle as far as the value goes', () => {
    const tree = {
      type: 'object',
      properties: { children: { type: 'array', items: { $ref: '#' } } },
      required: ['name'],
    }
    expect(fault(tree, { name: 1, children: [{ name: 2, children: [] }] })).toBeUndefined()
    expect(fault(tree, { name: 1, children: [{ name: 2, children: [{}] }] })).toBe(
      'params/children/0/children/0 must have "name"',
    )
  })
})

describe('what is not checked', () => {
  it.each<[string, unknown, unknown]>([
    ['a pattern', { pattern: '^a' }, 'b'],
    ['a format', { format: 'email' }, 'no mail'],
    ['what patterns leave', { patternProperties: { '^a': {} }, additionalProperties: false }, { b: 1 }],
    ['what nothing else looked at', { unevaluatedProperties: false }, { a: 1 }],
    ['no pattern', { not: { pattern: '^a' } }, 'abc'],
    ['one of two patterns', { oneOf: [{ pattern: '^a' }, { pattern: '^b' }] }, 'abc'],
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword; nobody awaits a schema
    ['what a pattern decides', { if: { pattern: '^a' }, then: false, else: true }, 'b'],
    ['no pattern behind a reference', { not: { $ref: '#/$defs/a' }, $defs: { a: { pattern: 'a' } } }, 'abc'],
    ['no pattern in a circle', { not: { properties: { a: { $ref: '#' }, b: { pattern: 'b' } } } }, { a: 1 }],
    ['how many match a pattern', { contains: { pattern: '^a' }, maxContains: 1 }, ['ab', 'ac']],
    ['a keyword there is not', { maximumLength: 1 }, 'abc'],
  ])('never refuses: %s', (_, schema, value) => {
    expect(fault(schema, value)).toBeUndefined()
  })

  it('leaves what can be checked beside it', () => {
    expect(fault({ pattern: '^a', type: 'string' }, 1)).toBe('params must be string')
    expect(fault({ oneOf: [{ pattern: '^a', type: 'string' }, { type: 'null' }] }, 1)).toMatch(/alternatives/)
  })
})

describe('a schema that cannot be checked', () => {
  let nested: unknown = {}
  for (let depth = 0; depth < 100_000; depth += 1) nested = { not: nested }

  it.each<[string, unknown, RegExp]>([
    ['a number', 5, /^it: a schema is an object, true or false$/],
    ['a list', [], /a schema is an object/],
    ['a type there is not', { type: 'text' }, /^"\/type": a type is one of null, boolean/],
    ['properties that are a list', { properties: [] }, /^"\/properties": it must be an object$/],
    ['a schema further in that is none', { properties: { a: { items: 5 } } }, /^"\/properties\/a\/items": a schema is/],
    ['a count that is none', { minItems: -1 }, /^"\/minItems": it must be a whole number/],
    ['required names that are none', { required: 'ir' }, /list of names/],
    ['a multiple of nothing', { multipleOf: 0 }, /more than 0/],
    [
      'a reference to elsewhere',
      { $ref: 'https://example.org/schema' },
      /^"\/\$ref": only what is in the schema itself/,
    ],
    ['a reference to a file', { $ref: 'file:///etc/passwd' }, /only what is in the schema itself/],
    ['a reference to nothing', { $ref: '#/$defs/none' }, /there is no "#\/\$defs\/none"/],
    ['a reference to what all objects have', { $ref: '#/constructor' }, /there is no/],
    ['a reference to text', { $ref: '#/title', title: 'x' }, /a schema is an object/],
    ['another base', { properties: { a: { $id: 'https://example.org/' } } }, /may have an \$id/],
    ['one without end', nested, /nested/],
    [
      'one of a million parts',
      { anyOf: Array.from({ length: 20_000 }, () => ({ type: 'null' })) },
      /more than 10000 schemas/,
    ],
  ])('is refused with its place: %s', (_, schema, words) => {
    let error: unknown
    try {
      readSchema(schema)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(Unusable)
    expect((error as Error).message).toMatch(words)
    expect((error as Error).message.length).toBeLessThan(500)
  })
})

describe('a hostile schema', () => {
  /** Each refers to the next one twice: 2^40 steps. */
  const doubling = {
    $ref: '#/$defs/0',
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        index,
        index === 39 ? {} : { allOf: [{ $ref: `#/$defs/${index + 1}` }, { $ref: `#/$defs/${index + 1}` }] },
      ]),
    ),
  }
  let deep: unknown = 1
  for (let depth = 0; depth < 60; depth += 1) deep = { a: deep }
  let deeper: unknown = []
  for (let depth = 0; depth < 5000; depth += 1) deeper = [deeper]
  const long = Array.from({ length: 2000 }, (_, index) => ({ a: index }))

  it.each<[string, unknown, unknown]>([
    ['that refers to itself', { $ref: '#' }, 1],
    ['that refers to itself by way of others', { allOf: [{ anyOf: [{ $ref: '#' }] }] }, 1],
    ['that doubles', doubling, 1],
    [
      'that doubles with each level of the value',
      { allOf: [1, 2].map(() => ({ properties: { a: { $ref: '#' } } })) },
      deep,
    ],
    ['that compares all with all', { contains: { enum: long }, maxContains: 0 }, long.map(({ a }) => ({ a, b: a }))],
    ['whose value is nested without end', { items: { $ref: '#' } }, deeper],
    [
      'whose faults are far down',
      { properties: { a: { $ref: '#' } }, anyOf: Array.from({ length: 500 }, () => false) },
      deep,
    ],
    [
      'that counts a long text again and again',
      { allOf: Array.from({ length: 5000 }, () => ({ minLength: 1 })) },
      'x'.repeat(100_000),
    ],
  ])('takes so many steps and no more: one %s', (_, schema, value) => {
    const read = readSchema(schema)
    const since = process.cpuUsage()
    let outcome: unknown
    try {
      outcome = faultOf(read, value, 'params', 100_000)
    } catch (error) {
      outcome = error
    }
    const { user, system } = process.cpuUsage(since)
    if (typeof outcome !== 'string') expect(outcome).toBeInstanceOf(TooMuch)
    // Not how fast it is: whether it ends.
    expect(user + system).toBeLessThan(5_000_000)
  })

  it('runs no regular expression', () => {
    const slow = { type: 'string', pattern: '^(a+)+$', propertyNames: { pattern: '^(a+)+$' } }
    expect(fault(slow, `${'a'.repeat(100)}!`)).toBeUndefined()
  })
})

describe('beside ajv', () => {
  /** The same numbers each time. */
  function dice(seed: number) {
    let state = seed
    return (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
  }

  const NAMES = ['a', 'b', 'c']

  function valueOf(roll: (below: number) => number, depth: number): unknown {
    const kind = roll(depth > 0 ? 8 : 5)
    if (kind === 0) return null
    if (kind === 1) return roll(2) === 0
    if (kind === 2) return roll(7) - 2
    if (kind === 3) return roll(9) / 2
    if (kind === 4) return 'ab😀'.repeat(roll(3))
    if (kind === 5) return Array.from({ length: roll(4) }, () => valueOf(roll, depth - 1))
    return Object.fromEntries(NAMES.filter(() => roll(2) === 0).map((name) => [name, valueOf(roll, depth - 1)]))
  }

  function schemaOf(roll: (below: number) => number, depth: number, draft7: boolean): AnySchema {
    if (roll(12) === 0) return roll(2) === 0
    if (roll(10) === 0) return { $ref: `#/$defs/${NAMES[roll(2)]}` }
    const inner = () => schemaOf(roll, depth - 1, draft7)
    const list = () => Array.from({ length: 1 + roll(3) }, inner)
    const byName = () => Object.fromEntries(NAMES.filter(() => roll(2) === 0).map((name) => [name, inner()]))
    const some = <T>(choices: T[]) => choices[roll(choices.length)]!
    const flat: [string, () => unknown][] = [
      [
        'type',
        () =>
          roll(3) === 0
            ? ['string', 'object']
            : some(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']),
      ],
      ['const', () => valueOf(roll, 1)],
      ['enum', () => Array.from({ length: 1 + roll(4) }, () => valueOf(roll, 1))],
      ['minimum', () => roll(4)],
      ['maximum', () => roll(4)],
      ['exclusiveMinimum', () => roll(4)],
      ['exclusiveMaximum', () => roll(4)],
      ['multipleOf', () => 1 + roll(3)],
      ['minLength', () => roll(4)],
      ['maxLength', () => roll(8)],
      ['minItems', () => roll(3)],
      ['maxItems', () => roll(3)],
      ['uniqueItems', () => roll(2) === 0],
      ['minProperties', () => roll(3)],
      ['maxProperties', () => roll(3)],
      ['required', () => NAMES.filter(() => roll(3) === 0)],
    ]
    const nested: [string, () => unknown][] = [
      ['properties', byName],
      ['properties', byName],
      ['additionalProperties', inner],
      ['propertyNames', inner],
      ['items', draft7 && roll(2) === 0 ? list : inner],
      ['not', inner],
      ['allOf', list],
      ['anyOf', list],
      ['oneOf', list],
      ['if', inner],
      ['then', inner],
      ['else', inner],
      ...(draft7
        ? ([['additionalItems', inner]] as [string, () => unknown][])
        : ([
            ['prefixItems', list],
            ['contains', inner],
            ['minContains', () => roll(3)],
            ['maxContains', () => roll(3)],
            ['dependentRequired', () => ({ a: ['b'] })],
            ['dependentSchemas', byName],
          ] as [string, () => unknown][])),
    ]
    const schema: Record<string, unknown> = {}
    for (let count = 1 + roll(3); count > 0; count -= 1) {
      const [keyword, make] = some(depth > 0 ? [...flat, ...nested] : flat)
      schema[keyword] = make()
    }
    return schema
  }

  it.each([
    ['2020-12', false],
    ['07', true],
  ] as const)('says the same of nearly 20,000 values, draft %s', (_, draft7) => {
    const roll = dice(draft7 ? 7 : 2020)
    const ajv = new (draft7 ? Ajv : Ajv2020)({
      strict: false,
      validateFormats: false,
      validateSchema: false,
      logger: false,
    })
    let valid = 0
    let compared = 0
    for (let round = 0; round < 1000; round += 1) {
      const schema = schemaOf(roll, 3, draft7)
      const whole = {
        allOf: [schema],
        $defs: { a: { type: 'object', properties: { b: { $ref: '#/$defs/a' } } }, b: schemaOf(() => 1, 0, draft7) },
      }
      const validate = ajv.compile(whole)
      const read = readSchema(whole)
      for (let count = 0; count < 20; count += 1) {
        const value = valueOf(roll, 3)
        const expected = validate(value)
        const found = faultOf(read, value, 'value', 1e6)
        // Where the first items have schemas of their own, ajv finds in an empty list what it should contain.
        if (found?.endsWith('of a kind; it has 0')) continue
        expect({ whole, value, found, valid: found === undefined }).toEqual({ whole, value, found, valid: expected })
        compared += 1
        if (expected) valid += 1
      }
    }
    expect(compared).toBeGreaterThan(19_000)
    // Neither nearly all nor nearly none.
    expect(valid).toBeGreaterThan(4000)
    expect(valid).toBeLessThan(16_000)
  })
})
