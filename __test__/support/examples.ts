import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ExtensionHost } from '@finos/morphir-extension-host'

/** Where `npm run build:extensions` leaves the module of an extension that has a name of its own. */
export const exampleModule = (name: string) =>
  new URL(`../../examples/extensions/${name}/${name}.wasm`, import.meta.url)

export function loadExample(host: ExtensionHost, name: string, config = {}): Promise<number> {
  const source = { type: 'wasm', path: exampleModule(name) } as const
  const permissions = { maxMemory: '256MiB', maxExecutionTime: '20s' }
  return host.loadExtension({ name, source, permissions, config })
}

/** Calls with an IR that is text, because JavaScript's own JSON cannot nest as deep, and answers objects. */
export async function callWithIr<T>(host: ExtensionHost, id: number, method: string, ir: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await host.callRaw(id, method, `{"ir":${ir}}`))) as T
}

const model = new URL('../../examples/model/', import.meta.url)

/** The example model's IR, which is made and not committed. */
export const hasModel = existsSync(new URL('morphir-ir.json', model))
export const modelIr = () => readFileSync(new URL('morphir-ir.json', model), 'utf8')

/** What morphir-elm's own commands make of the example model. */
export const expected = (file: string) => readFileSync(new URL(`expected/${file}`, model), 'utf8')

/**
 * Models that this repository has not got: the `*.json` in the directory that `MORPHIR_IR_DIRECTORY` names, and beside some of them what
 * morphir-elm's commands make of them, `*.stats.json` and `*.schema.json`.
 */
const directory = process.env.MORPHIR_IR_DIRECTORY
const files = directory === undefined ? [] : readdirSync(directory)
export const others = files.filter((file) => /^[\w-]+\.json$/.test(file)).map((file) => file.slice(0, -'.json'.length))
export const WITHOUT_OTHERS = directory === undefined ? ' (give their directory as MORPHIR_IR_DIRECTORY)' : ''
export const other = (file: string) => readFileSync(join(directory!, file), 'utf8')
export const hasOther = (file: string) => files.includes(file)

/** An IR with one module, of these types and values: dictionaries as lists of pairs. */
export function library(types: unknown[], values: unknown[], name: unknown = [['shop']]) {
  const open = (value: unknown) => ({ access: 'Public', value })
  const documented = (pairs: unknown[]) =>
    pairs.map((pair) => [(pair as [unknown])[0], open({ doc: '', value: (pair as unknown[])[1] })])
  const module = open({ types: documented(types), values: documented(values), doc: null })
  return { formatVersion: 3, distribution: ['Library', name, [], { modules: [[[['m']], module]] }] }
}

/** A definition of a value without arguments. */
export const valueOf = (body: unknown) => ({ inputTypes: [], outputType: ['Unit', {}], body })

/** JSON that nests so deep, around a middle. */
export const nested = (depth: number, open: string, middle: string, close: string) =>
  `${open.repeat(depth)}${middle}${close.repeat(depth)}`
