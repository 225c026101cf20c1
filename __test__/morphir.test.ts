import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ExtensionHost } from '@finos/morphir-extension-host'
import { newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

const EXTENSION = new URL('../examples/extensions/rename-package/rename-package.wasm', import.meta.url)
const MODEL = new URL('../examples/model/morphir-ir.json', import.meta.url)
const IR = JSON.parse(readFileSync(new URL('../fixtures/tiny-ir.json', import.meta.url), 'utf8')) as object
/** How often the tiny model refers to its own package: the name of the package itself does not count. */
const REFERENCES = 3

interface Renamed {
  transformed: boolean
  references: number
  note?: string
  output: object
}

/** The JSON with one package name in the place of another, wherever a path or the beginning of a reference says so. */
function replaced(ir: object, from: string, to: string): string {
  return JSON.stringify(ir).replaceAll(from, to)
}

async function renamer(host: ExtensionHost, config = {}): Promise<number> {
  return host.loadExtension({
    name: 'rename-package',
    source: { type: 'wasm', path: EXTENSION },
    permissions: { maxMemory: '100MB', maxExecutionTime: '5s' },
    config,
  })
}

describe.skipIf(!existsSync(EXTENSION))('rename-package (its module is made by `npm run build:extensions`)', () => {
  it('says what it can do', async () => {
    const host = newHost()
    const [transform] = host.capabilities(await renamer(host))
    expect(transform).toMatchObject({
      name: 'transform',
      description: expect.stringMatching(/package/i),
      params_schema: expect.any(Object),
    })
  })

  it('renames the package of a tiny model, and nothing else', async () => {
    const host = newHost()
    const id = await renamer(host)
    const before = structuredClone(IR)
    const { transformed, references, output } = await host.call<Renamed>(id, 'transform', {
      ir: IR,
      options: { to: 'New.Home' },
    })
    expect({ transformed, references }).toEqual({ transformed: true, references: REFERENCES })
    expect(JSON.stringify(output)).toBe(replaced(IR, '[["tiny"]]', '[["new"],["home"]]'))
    expect(IR).toEqual(before)
  })

  it('renames back to the same', async () => {
    const host = newHost()
    const id = await renamer(host)
    const there = await host.call<Renamed>(id, 'transform', { ir: IR, options: { to: 'New.Home' } })
    const back = await host.call<Renamed>(id, 'transform', { ir: there.output, options: { to: 'Tiny' } })
    expect(back.output).toEqual(IR)
  })

  it('takes names from its config where a call has none', async () => {
    const host = newHost()
    const id = await renamer(host, { to: 'From.Config' })
    const { output } = await host.call<Renamed>(id, 'transform', { ir: IR })
    expect(JSON.stringify(output)).toBe(replaced(IR, '[["tiny"]]', '[["from"],["config"]]'))
  })

  it('works the same through callRaw, callMany and several instances', async () => {
    const host = newHost()
    const id = await host.loadExtension({
      name: 'rename-package',
      source: { type: 'wasm', path: EXTENSION },
      instances: 2,
    })
    const params = { ir: IR, options: { to: 'New' } }
    const expected = await host.call<Renamed>(id, 'transform', params)
    const raw = new TextDecoder().decode(await host.callRaw(id, 'transform', JSON.stringify(params)))
    expect(JSON.parse(raw)).toEqual(expected)
    expect(
      await host.callMany(
        id,
        'transform',
        Array.from({ length: 8 }, () => params),
      ),
    ).toEqual(Array.from({ length: 8 }, () => expected))
  })

  it('answers errors that say what is wrong, and goes on', async () => {
    const host = newHost()
    const id = await renamer(host)
    for (const [params, words] of [
      [{ ir: IR }, 'options.to is missing'],
      [{ ir: IR, options: { to: 'not a name' } }, 'params'],
      [{ ir: { formatVersion: 2, distribution: [] }, options: { to: 'New' } }, 'format version 2'],
      [{ options: { to: 'New' } }, 'ir'],
      [undefined, 'params'],
    ] as const) {
      const error = await rejection(host.call(id, 'transform', params))
      expect(error).toMatchObject({ code: 'ExtensionError', extension: 'rename-package', method: 'transform' })
      expect(error.message).toContain(words)
    }
    expect(host.stats(id)).toMatchObject({ generation: 1, errors: 5 })
    expect(await host.call<Renamed>(id, 'transform', { ir: IR, options: { to: 'New' } })).toMatchObject({
      transformed: true,
    })
  })

  it('does not start with a config that it cannot read', async () => {
    const error = await rejection(renamer(newHost(), { from: 5 }))
    expect(error).toMatchObject({ code: 'InitializationFailed', extension: 'rename-package', method: 'initialize' })
    expect(error.message).toContain('config')
  })

  it('logs what it did', async () => {
    const messages: string[] = []
    const host = newHost({ onLog: ({ message }) => messages.push(message) })
    const id = await renamer(host)
    await host.call(id, 'transform', { ir: IR, options: { to: 'New.Home' } })
    expect(messages).toEqual([`renamed package Tiny to New.Home in ${REFERENCES} references`])
  })

  it.skipIf(!existsSync(MODEL))(
    'renames the example model, there and back (its IR is made by `npm run demo` and `npm test`)',
    async () => {
      const host = newHost()
      const id = await renamer(host)
      const ir = JSON.parse(readFileSync(MODEL, 'utf8')) as object
      const there = await host.call<Renamed>(id, 'transform', { ir, options: { to: 'NorthSea.BulkTrades' } })
      expect(there).toMatchObject({ transformed: true, references: 365 })
      expect(JSON.stringify(there.output)).toBe(
        replaced(ir, '[["tidewater"],["chartering"]]', '[["north","sea"],["bulk","trades"]]'),
      )
      const back = await host.call<Renamed>(id, 'transform', {
        ir: there.output,
        options: { to: 'Tidewater.Chartering' },
      })
      expect(back.output).toEqual(ir)
    },
  )
})
