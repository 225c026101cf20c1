import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { checks } from '@finos/morphir-extension-host/conformance'
import { moduleOf } from './support/languages.ts'
import { newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

const path = moduleOf('mep')
const there = existsSync(path)
const made = there ? '' : ' (its module is made by `npm run build:extensions -- --only mep`)'
const cacheDir = process.env.MORPHIR_TEST_CACHE

interface Result {
  success: boolean
  ir: Ir
  diagnostics: { severity: string; code: string; message: string }[]
}
interface Ir {
  formatVersion: number
  distribution: [kind: string, name: string[][], dependencies: unknown[], definition: { modules: Module[] }]
}
type Module = [path: string[][], definition: { access: string; value: { doc?: unknown } }]

const module = (name: string, value: object): Module => [[[name]], { access: 'Public', value }]
const library = (...modules: Module[]): Ir => ({
  formatVersion: 3,
  distribution: ['Library', [['tide', 'water']], [], { modules }],
})
const IR = library(module('silent', { doc: null }), module('told', { doc: 'It is “told”. 🚢' }), module('bare', {}))

describe.skipIf(!there)(`the extension on Morphir's own SDK${made}`, () => {
  const loaded = async (config = {}) => {
    const host = newHost()
    return { host, id: await host.loadExtension({ name: 'mep', source: { type: 'wasm', path }, config }) }
  }

  it('is found to speak mep, and advertises what it has', async () => {
    const { host, id } = await loaded()
    expect(host.stats(id).dialect).toBe('mep')
    expect(host.capabilities(id).map(({ name }) => name)).toEqual(['validate', 'transform'])
    expect(await host.call(id, 'morphir.extension.info')).toMatchObject({
      id: 'document-modules',
      types: ['transform', 'validator'],
    })
    expect(await host.healthCheck(id)).toEqual({ status: 'healthy' })
  })

  it('transforms: modules without documentation get one', async () => {
    const { host, id } = await loaded({ documentation: 'Of the config.' })
    const { success, ir, diagnostics } = await host.call<Result>(id, 'transform', { ir: IR })
    expect(success).toBe(true)
    expect(ir.distribution[3].modules.map(([, { value }]) => value.doc)).toEqual([
      'Of the config.',
      'It is “told”. 🚢',
      'Of the config.',
    ])
    expect(Object.keys(ir)).toEqual(['formatVersion', 'distribution'])
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'TideWater.Silent has no documentation, and got one.',
      'TideWater.Bare has no documentation, and got one.',
    ])
    const options = { documentation: 'Of the call.' }
    const again = await host.call<Result>(id, 'morphir.transform.transform', { ir: IR, options })
    expect(again.ir.distribution[3].modules[0]![1].value.doc).toBe('Of the call.')
  })

  it('validates: modules without documentation are warned of', async () => {
    const { host, id } = await loaded()
    expect(await host.call(id, 'validate', { ir: IR })).toMatchObject({
      valid: false,
      diagnostics: [{ severity: 'warning', code: 'no-documentation' }, { message: expect.stringContaining('Bare') }],
    })
    expect(await host.call(id, 'validate', { ir: library() })).toEqual({ valid: true, diagnostics: [] })
  })

  it.each([
    ['no ir', {}, 'missing field `ir`'],
    ['an ir that is a number', { ir: 5 }, 'the ir must be an object'],
    ['modules that are none', { ir: library(5 as never) }, 'a module is not a path'],
    ['an empty documentation', { ir: IR, options: { documentation: '' } }, 'a text that is not empty'],
    ['params that are a number', 5, 'expected struct TransformRequest'],
  ])('says what is wrong with %s, as invalid params', async (_, params, words) => {
    const { host, id } = await loaded()
    const error = await rejection(host.call(id, 'transform', params))
    expect(error).toMatchObject({ code: 'ExtensionError', rpc: { code: -32602 } })
    expect(error.message).toContain(words)
    expect(host.stats(id).generation).toBe(1)
  })

  it('opens a session again after a fault', async () => {
    const { host, id } = await loaded()
    const large = library(...Array.from({ length: 20_000 }, () => module('silent', { doc: null })))
    expect(await rejection(host.call(id, 'transform', { ir: large }, { timeout: 20 }))).toMatchObject({
      code: 'Timeout',
    })
    expect(await host.call(id, 'transform', { ir: IR })).toMatchObject({ success: true })
    expect(host.stats(id).generation).toBe(2)
  })

  it('answers calls at once as one by one', async () => {
    const host = newHost()
    const id = await host.loadExtension({ name: 'mep', source: { type: 'wasm', path }, instances: 3 })
    const one = await host.call(id, 'transform', { ir: IR })
    const params = Array.from({ length: 24 }, () => ({ ir: IR }))
    expect(await host.callMany(id, 'transform', params)).toEqual(params.map(() => one))
  })

  const model = new URL('../examples/model/morphir-ir.json', import.meta.url)
  it.skipIf(!existsSync(model))('takes a real IR (made by `npm run demo`)', async () => {
    const { host, id } = await loaded()
    const ir = JSON.parse(readFileSync(model, 'utf8')) as Ir
    const { ir: documented } = await host.call<Result>(id, 'transform', { ir })
    for (const [, { value }] of documented.distribution[3].modules) value.doc = undefined
    for (const [, { value }] of ir.distribution[3].modules) value.doc = undefined
    expect(documented).toEqual(ir)
  })

  test.for(checks)('conforms: $title', { timeout: 120_000 }, async ({ name, run }) => {
    const { outcome, remark, error } = await run(path, { cacheDir })
    // It has no `echo`; and what is not JSON its host refuses, because that writes the requests.
    const expected = ['echo', 'error'].includes(name) ? 'skipped' : 'passed'
    if (outcome !== expected) throw new Error(`${outcome}: ${remark}`, { cause: error })
  })
})
