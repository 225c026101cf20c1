import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { newHost } from './support/host.ts'
import { project } from './support/project.ts'

type Table = { [key: string]: unknown }

interface Schema {
  properties?: Record<string, Schema>
  $ref?: string
  $defs: Record<string, Schema>
  oneOf?: Schema[]
}

const file = new URL('../schema/morphir-extensions.schema.json', import.meta.url)
const schema = JSON.parse(readFileSync(file, 'utf8')) as Schema
const HASH = '0123456789abcdef'.repeat(4)

/** Values that each key takes, by the table that it is in. A key of the schema that is not here fails its test. */
const GOOD: Record<string, Record<string, unknown[]>> = {
  named: {
    enabled: [true],
    protocol: ['extism'],
    path: ['x.wasm', '/x.wasm'],
    source: [{ type: 'wasm', path: 'x.wasm' }],
    permissions: [{}],
    config: [{}, { any: ['thing', { deep: [1.5, true] }] }],
    dialect: ['auto', 'morphir', 'mep', 'raw'],
    lifecycle: ['morphir', 'none'],
    instances: [1, 2, 1024],
    max_queue: [0, 1, 4294967295],
    restart: ['never', 'immediate', 'exponential', { strategy: 'never' }, { strategy: 'immediate', max_retries: 0 }],
  },
  restart: {
    strategy: ['exponential'],
    initial_delay: ['1s', 500, '1m 30s'],
    max_delay: ['1min', 86_400_000],
    max_retries: [0, 3, 4294967295],
  },
  source: {
    type: ['wasm'],
    path: ['x.wasm'],
    sha256: [HASH, HASH.toUpperCase()],
  },
  permissions: {
    max_memory: [1310720, 4294967296, '100MB', '64MiB', '64 MiB', '2g', '1.5GB', '20000000', '2097152B', '2048kib'],
    max_execution_time: [1, 0.5, 86_400_000, '5s', '500ms', '1m 30s', '2min', '1h', '1day', '24hours', '1.5s', '100us'],
    max_output: [1, 4294967296, '1B', '1KB', '4GiB'],
    max_fuel: [1, 1_000_000_000],
    filesystem: [[], ['.'], [{ path: '.', guest_path: 'here' }, 'there']],
    readonly_paths: [[], ['.'], [{ path: '.', guest_path: 'here' }]],
    network: [false, true],
    allowed_hosts: [[], ['example.com', '*.example.com', 'localhost', '10.0.0.1', '::1', '[::1]']],
  },
  directory: {
    path: ['.'],
    guest_path: ['here', '/'],
  },
}

/** Values that it does not take. */
const BAD: Record<string, Record<string, unknown[]>> = {
  named: {
    enabled: ['yes', 1],
    protocol: ['jsonrpc', 'grpc', 'stdio', 'component', '', 1],
    path: ['', 1, [], {}],
    source: ['x.wasm', {}, { type: 'wasm' }, { path: 'x.wasm' }, { type: 'wasm', path: 'x.wasm', hash: '' }],
    permissions: ['all', [], { maxMemory: 5 }, { max_concurrent_calls: 2 }],
    config: ['x', [], 1],
    dialect: ['latin', 'mep-early', '', true],
    lifecycle: ['plain', '', true],
    instances: [0, -1, 1.5, 1025, '2'],
    max_queue: [-1, 1.5, 4294967296, '2'],
    restart: ['sometimes', '', 1, [], {}, { max_retries: 1 }, { strategy: 'immediate', retries: 3 }],
  },
  restart: {
    strategy: ['sometimes', '', 1],
    initial_delay: [0, -1, '', '1 parsec', true],
    max_delay: [0, 86_400_001, 'soon', []],
    max_retries: [-1, 1.5, 4294967296, '2'],
  },
  source: {
    type: ['jar', '', 1],
    path: ['', 1],
    sha256: ['', HASH.slice(1), `${HASH}0`, 'x'.repeat(64), 5],
  },
  permissions: {
    max_memory: [0, 1310719, 4294967297, 1.5, -1, true, 'a lot', '', '100 parsecs', '5s', '-1MB', 'MB', []],
    max_execution_time: [0, -1, 86_400_001, 'soon', '', '5', '5 lightyears', '-5s', '100MB', true, []],
    max_output: [0, 4294967297, 'all', true],
    max_fuel: [0, -1, 1.5, '1'],
    filesystem: ['.', [''], [1], [{ path: '.' }], [{ guest_path: 'x' }], [{ path: '.', guest_path: 'x', mode: 7 }]],
    readonly_paths: ['.', [''], [true], [{}]],
    network: ['no', 1],
    allowed_hosts: ['example.com', [''], ['*'], ['https://example.com'], ['example.com:80'], ['a b'], [1]],
  },
  directory: {
    path: ['', 1],
    guest_path: ['', 1],
  },
}

/** An extension that is right but for what is put into one of its tables; its module is missing. */
function extension(table: string, inside: Table): Table {
  const source = { type: 'wasm', path: 'missing.wasm' }
  switch (table) {
    case 'named':
      return 'source' in inside ? inside : { path: 'missing.wasm', ...inside }
    case 'source':
      return { source: { ...source, ...inside } }
    case 'permissions':
      return { source, permissions: inside }
    case 'restart':
      return { source, restart: { strategy: 'exponential', ...inside } }
    case 'directory':
      return { source, permissions: { filesystem: [{ path: '.', guest_path: 'here', ...inside }] } }
    default:
      throw new Error(`There are no samples for ${table}.`)
  }
}

/** A value as TOML, in line. */
function toToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toToml).join(', ')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const pairs = Object.entries(value as Table).map(([key, entry]) => `${JSON.stringify(key)} = ${toToml(entry)}`)
  return `{ ${pairs.join(', ')} }`
}

/** What the host says to each of these extensions. Their module is missing, so that what it does not refuse ends with an IoError. */
async function accepted(extensions: unknown): Promise<boolean[]> {
  const { file } = await project(`extensions = ${toToml(extensions)}`)
  const { loaded, failed, skipped } = await newHost().loadConfig(file)
  expect([loaded, skipped]).toEqual([[], []])
  return failed.map(({ error }) => {
    expect(['IoError', 'InvalidConfig', 'InvalidSource']).toContain(error.code)
    return error.code === 'IoError'
  })
}

function tableKeys(table: string): string[] {
  const { properties, oneOf = [] } = schema.$defs[table]!
  return Object.keys(properties ?? oneOf.find((form) => form.properties !== undefined)!.properties!)
}

let validate: (value: unknown) => boolean
beforeAll(() => {
  // Strict about everything but `required` in a branch, whose properties are said once, beside the branches.
  validate = new Ajv2020({ strict: true, strictRequired: false }).compile(schema as object)
})

describe('the JSON Schema of configuration files', () => {
  it('has the same keys in both shapes, but for the name', () => {
    expect(tableKeys('listed').filter((key) => key !== 'name')).toEqual(tableKeys('named'))
  })

  it.each(Object.keys(GOOD))('knows the keys of %s that there are samples of', (table) => {
    expect(tableKeys(table).toSorted()).toEqual(Object.keys(GOOD[table]!).toSorted())
    expect(Object.keys(BAD[table]!).toSorted()).toEqual(Object.keys(GOOD[table]!).toSorted())
  })

  describe.each(Object.keys(GOOD))('in the table %s', (table) => {
    it('takes what the host takes', async () => {
      const extensions = Object.entries(GOOD[table]!).flatMap(([key, values]) =>
        values.map((value) => extension(table, { [key]: value })),
      )
      const named = Object.fromEntries(extensions.map((value, index) => [`x${index}`, value]))
      const listed = extensions.map((value, index) => ({ name: `x${index}`, ...value }))
      expect(extensions.filter((x) => !validate({ extensions: { x } }))).toEqual([])
      expect(listed.filter((x) => !validate({ extensions: [x] }))).toEqual([])
      for (const shape of [named, listed]) {
        const answers = await accepted(shape)
        expect(extensions.filter((_, index) => answers[index] !== true)).toEqual([])
      }
    })

    it('refuses what the host refuses', async () => {
      const extensions = [
        ...Object.entries(BAD[table]!).flatMap(([key, values]) =>
          values.map((value) => extension(table, { [key]: value })),
        ),
        extension(table, { surprise: 1 }),
      ]
      const listed = extensions.map((value, index) => ({ name: `x${index}`, ...value }))
      expect(extensions.filter((x) => validate({ extensions: { x } }))).toEqual([])
      expect(listed.filter((x) => validate({ extensions: [x] }))).toEqual([])
      const answers = await accepted(listed)
      expect(extensions.filter((_, index) => answers[index] !== false)).toEqual([])
    })
  })

  it.each<[string, unknown]>([
    ['no name', { path: 'x.wasm' }],
    ['an empty name', { name: '', path: 'x.wasm' }],
    ['a name that is a number', { name: 5, path: 'x.wasm' }],
    ['no module', { name: 'x' }],
    ['two modules', { name: 'x', path: 'x.wasm', source: { type: 'wasm', path: 'x.wasm' } }],
    ['text', 'x'],
  ])('refuses an extension with %s, as the host does', async (_, value) => {
    expect(validate({ extensions: [value] })).toBe(false)
    expect(await accepted([value])).toEqual([false])
  })

  it('refuses a name in a table of extensions, as the host does', async () => {
    const extensions = { x: { name: 'y', path: 'x.wasm' } }
    expect(validate({ extensions })).toBe(false)
    expect(await accepted(extensions)).toEqual([false])
  })

  it('leaves what else such a file holds alone', () => {
    expect(validate({ project: { name: 'x' }, extensions: [] })).toBe(true)
    expect(validate({})).toBe(true)
    expect(validate({ extensions: 'all' })).toBe(false)
  })
})
