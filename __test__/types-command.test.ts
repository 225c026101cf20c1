import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { declarationOf } from '../bin/types/declaration.mjs'
import { command } from './support/command.ts'
import { temporaryDirectory } from './support/directory.ts'
import { file, guestFile } from './support/guest.ts'
import { saying } from './support/saying.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const declared = (capabilities: object[], name = 'Mine') =>
  declarationOf(capabilities as { name: string }[], { name, origin: 'mine.wasm' }) as string

/** What the compiler says of these files, beside each other. */
function compile(files: Record<string, string>): Promise<string> {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'node_modules', '@finos'), { recursive: true })
  symlinkSync(ROOT, join(directory, 'node_modules', '@finos', 'morphir-extension-host'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  const options =
    '--noEmit --strict --pretty false --module nodenext --target es2022 --lib es2023,dom,esnext.disposable --types'.split(
      ' ',
    )
  const names = Object.keys(files).map((name) => join(directory, name))
  const args = [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), ...options, '', ...names]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: directory, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` || error.message : ''),
    )
  })
}

/** The type that a schema comes to, without its name. */
function typeOf(schema: unknown, key: 'params_schema' | 'return_schema' = 'return_schema'): string {
  return declared([{ name: 'm', [key]: schema }])
    .split('\n')
    .slice(3)
    .join('\n')
    .trim()
}

describe('a schema', () => {
  it.each<[unknown, string]>([
    [true, 'unknown'],
    [{}, 'unknown'],
    [false, 'never'],
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ const: 'a"b' }, '"a\\"b"'],
    [{ enum: ['a', 1, null, true, 'a'] }, '"a" | 1 | null | true'],
    [{ enum: Array.from({ length: 300 }, (_, index) => index) }, 'number'],
    [{ items: { type: 'string' } }, 'string[]'],
    [{ type: 'array', items: { type: ['string', 'null'] } }, '(string | null)[]'],
    [{ prefixItems: [{ const: 'Var' }, { type: 'number' }], items: false, minItems: 1 }, '["Var", number?]'],
    [{ prefixItems: [{ type: 'null' }], minItems: 1 }, '[null, ...unknown[]]'],
    [{ items: [{ type: 'null' }], additionalItems: { type: 'string' } }, '[null?, ...string[]]'],
    [{ type: 'object' }, '{ [name: string]: unknown }'],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, 'string | number'],
    [{ allOf: [{ type: ['string', 'null'] }, { enum: ['a', null] }] }, '(string | null) & ("a" | null)'],
    [{ pattern: 'a', type: 'string' }, 'string'],
  ])('becomes a type: %j', (schema, type) => {
    expect(typeOf(schema)).toBe(`export interface Mine {\n  m(params?: unknown): ${type}\n}`)
  })

  it('becomes a type with a name where it has members', () => {
    const schema = {
      type: 'object',
      description: 'What it takes.',
      required: ['ir', 'hidden'],
      properties: {
        ir: { type: 'object', description: 'The IR.' },
        'two words': { type: 'number' },
        nested: { properties: { a: { enum: ['x', 'y'] } }, additionalProperties: { type: 'string' } },
      },
    }
    expect(typeOf(schema, 'params_schema')).toBe(`export interface Mine {
  m(params: MParams): unknown
}

/** What it takes. */
export type MParams = {
  /** The IR. */
  ir: object
  "two words"?: number
  nested?: {
    a?: "x" | "y"
    [name: string]: unknown
  }
  hidden: unknown
}`)
  })

  it('may refer to itself and to its parts', async () => {
    const schema = {
      $ref: '#/$defs/Type',
      $defs: {
        Name: { type: 'array', items: { type: 'string' } },
        Type: {
          anyOf: [
            { type: 'null' },
            { type: 'object', properties: { of: { $ref: '#/$defs/Type' }, name: { $ref: '#/$defs/Name' } } },
          ],
        },
      },
    }
    const text = declared([
      { name: 'a', params_schema: schema, return_schema: schema },
      { name: 'b', return_schema: { type: 'array', items: { $ref: '#' } } },
    ])
    const use = `import type { Mine } from './mine.mjs'
      declare const mine: Mine
      mine.a({ of: { of: null, name: ['a'] } })
      // @ts-expect-error a name is a list of text
      mine.a({ of: { name: 'a' } })
      export const trees: unknown[] = mine.b()[0]![0]!`
    expect(await compile({ 'mine.d.mts': text, 'use.mts': use })).toBe('')
  })

  it('that is nothing but itself is unknown, and so is one that cannot be used, with the reason', () => {
    expect(typeOf({ $ref: '#' })).toContain('m(params?: unknown): unknown')
    expect(typeOf({ anyOf: [{ $ref: '#/$defs/a' }], $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } } })).toContain(
      ': unknown',
    )
    expect(typeOf({ $ref: 'file:///etc/passwd' })).toMatch(
      /Its schema of results cannot be used: .*\n? *m\(params\?: unknown\): unknown/,
    )
    expect(typeOf({ type: 'text' })).toContain('m(params?: unknown): unknown')
  })
})

describe('hostile capabilities', () => {
  const evil = [
    '*/ export const x = 1; /*',
    '*/\nexport const x = 1 //',
    '`${x}`',
    '"; export const x = 1; "',
    "' + x + '",
    '\u2028export const x = 1',
    '<script>',
    '\\',
    '//',
    '@ts-nocheck',
    '\u0000\u001b[2J',
    '/// <reference path="x" />',
  ]
  const names = [
    ...evil,
    'new',
    'constructor',
    '__proto__',
    'then',
    'default',
    'class',
    '1a',
    '',
    ' ',
    'ünïcödé',
    'a'.repeat(5000),
  ]

  it('stay in their comments, texts and names', async () => {
    const schema = (text: string) => ({
      type: 'object',
      description: text,
      required: [text],
      properties: Object.fromEntries(names.map((name) => [name, { description: text, const: text }])),
    })
    const capabilities = names.map((name, index) => ({
      name,
      description: names.join('\n').slice(index),
      params_schema: { anyOf: [schema(evil[index % evil.length]!), { $ref: '#/$defs/x' }], $defs: { x: schema(name) } },
      return_schema: { enum: names },
    }))
    const text = declared(capabilities)
    // Nothing is declared but the interface and types.
    const use = `import * as mine from './mine.mjs'
      import type { Mine } from './mine.mjs'
      const nothing: [] = [] as (keyof typeof mine)[] & []
      declare const method: Mine['new']
      export { nothing, method }`
    expect(await compile({ 'mine.d.mts': text, 'use.mts': use })).toBe('')
    expect(text).not.toMatch(/^export (?!type |interface )/m)
    expect(text.match(/^export interface /gm)).toHaveLength(1)
  })

  it('make no file without end', async () => {
    const long = 'x'.repeat(1_000_000)
    const description = declared([{ name: 'a', description: long, return_schema: { description: long, enum: [long] } }])
    expect(description.length).toBeLessThan(5000)
    let deep: unknown = {}
    for (let depth = 0; depth < 300; depth += 1) deep = { items: deep }
    expect(typeOf(deep)).toContain('unknown')
    const wide = {
      properties: Object.fromEntries(Array.from({ length: 9000 }, (_, index) => [`p${index}`, { type: 'null' }])),
    }
    const text = declared([
      { name: 'a', params_schema: wide },
      { name: 'b', params_schema: wide },
    ])
    expect(text).toContain('p8999?: unknown')
    expect(await compile({ 'mine.d.mts': text })).toBe('')
  })

  it('are unknown where one reference leads to the next without end', async () => {
    const parts = 4500
    const $defs: Record<string, object> = {}
    for (let index = 0; index < parts; index += 1) {
      $defs[`d${index}`] = { items: index + 1 < parts ? { $ref: `#/$defs/d${index + 1}` } : {} }
    }
    // What is read in small parts beforehand, where types do not look.
    const beforehand = Array.from({ length: parts / 150 }, (_, index) => ({
      $ref: `#/$defs/d${parts - 150 * (index + 1)}`,
    }))
    const schema = { contains: { anyOf: beforehand }, $ref: '#/$defs/d0', $defs }
    const text = declared([{ name: 'a', return_schema: schema }])
    expect(text).toContain('Its schema of results cannot be used: it is nested too deep')
    expect(await compile({ 'mine.d.mts': text })).toBe('')
  })

  it('may say the same name twice: the first counts', () => {
    const text = declared([
      { name: 'a', description: 'The first.' },
      { name: 'a', description: 'The second.' },
      { name: 'b', return_schema: { type: 'null' } },
    ])
    expect(text.match(/ {2}a\(/g)).toHaveLength(1)
    expect(text).toContain('The first.')
  })
})

describe('the command', () => {
  it('prints a declaration that compiles and types a client', async () => {
    const methods = [
      {
        name: 'add',
        description: 'Adds.',
        params_schema: { type: 'object', required: ['by'], properties: { by: { type: 'number' } } },
        return_schema: { type: 'number' },
      },
      { name: 'reset', description: 'Starts anew.' },
    ]
    const path = file('my-counter', await saying(methods))
    const { code, stdout, stderr } = await command(['types', path])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^\/\/ The methods of my-counter\.wasm, sha256 [0-9a-f]{64}\.$/m)
    const use = `import { ExtensionHost } from '@finos/morphir-extension-host'
      import type { MyCounter } from './my-counter.mjs'
      const host = new ExtensionHost()
      const counter = host.client<MyCounter>(1)
      export const total: number = await counter.add({ by: 1 }, { timeout: 5 })
      export const anything: unknown = await counter.reset()
      // @ts-expect-error by is a number
      await counter.add({ by: 'one' })
      // @ts-expect-error a method there is not
      await counter.subtract({ by: 1 })`
    expect(await compile({ 'my-counter.d.mts': stdout, 'use.mts': use })).toBe('')
  })

  it('writes to a file, under a name of choice, or JSON', async () => {
    const output = join(temporaryDirectory(), 'echo.d.ts')
    const path = await guestFile('echo')
    expect(await command(['types', path, '--name', 'Parrot', '--output', output])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    expect(readFileSync(output, 'utf8')).toContain('export interface Parrot {\n  /** Answers its params. */\n  echo(')
    const asJson = await command(['types', path, '--json'])
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      name: 'Echo',
      declaration: expect.stringContaining('export interface Echo'),
    })
  })

  it('says what is wrong', async () => {
    const path = await guestFile('echo')
    expect(await command(['types', path, '--name', 'two words'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^--name must be the name of a type/),
    })
    expect(await command(['types', path, '--name', 'string'])).toMatchObject({ code: 2 })
    expect(await command(['types', path, 'more'])).toMatchObject({ code: 2 })
    expect(await command(['types', await guestFile('plain')])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^InitializationFailed: /),
    })
    const missing = join(temporaryDirectory(), 'none', 'a.d.ts')
    expect(await command(['types', path, '--output', missing])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^IoError: /),
    })
  })

  it('makes what compiles of an extension that is not made for tests', async () => {
    const path = fileURLToPath(new URL('../examples/extensions/rename-package/rename-package.wasm', import.meta.url))
    const { code, stdout } = await command(['types', path, '--name', 'Example'])
    expect(code).toBe(0)
    const use = `import type { Example } from './example.mjs'
      declare const example: Example
      const { references } = example.transform({ ir: {}, options: { to: 'x' } })
      export const count: number = references`
    expect(await compile({ 'example.d.mts': stdout, 'use.mts': use })).toBe('')
  })
})
