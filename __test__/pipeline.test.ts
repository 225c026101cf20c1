import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from './support/directory.ts'
import { exampleModule, expected, hasModel, library } from './support/examples.ts'

const PROGRAM = fileURLToPath(new URL('../examples/pipeline/publish.mjs', import.meta.url))
const CONFIG = fileURLToPath(new URL('../examples/pipeline/morphir.toml', import.meta.url))
const MODEL = fileURLToPath(new URL('../examples/model/morphir-ir.json', import.meta.url))
const EXTENSIONS = ['lint', 'json-schema']
const made = EXTENSIONS.every((name) => existsSync(exampleModule(name)))
  ? ''
  : ` (its modules are made by \`npm run build:extensions -- --only ${EXTENSIONS.join(',')}\`)`

interface End {
  code: number
  stdout: string
  stderr: string
}

function publish(...args: string[]): Promise<End> {
  const env = { ...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: join(process.env.MORPHIR_TEST_DIRECTORY!, 'xdg') }
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** A file with an IR, and an empty directory. */
function places(ir: unknown) {
  const directory = temporaryDirectory()
  const model = join(directory, 'morphir-ir.json')
  writeFileSync(model, JSON.stringify(ir))
  return { model, out: join(directory, 'out') }
}

describe.skipIf(made)(`the pipeline${made}`, () => {
  it.skipIf(!hasModel)('publishes the example model (its IR is made by `npm run demo` and `npm test`)', async () => {
    const out = join(temporaryDirectory(), 'new', 'out')
    const { code, stdout, stderr } = await publish(MODEL, out)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('warning: Claim.amount does not use its argument carrier\n')
    expect(readdirSync(out)).toEqual(['Tidewater.Chartering.json'])
    expect(readFileSync(join(out, 'Tidewater.Chartering.json'), 'utf8')).toBe(expected('Tidewater.Chartering.json'))
  })

  it('publishes nothing of a model with errors', async () => {
    const shadowed = ['AsPattern', {}, ['WildcardPattern', {}], ['a']]
    const lambda = ['Lambda', {}, shadowed, ['Lambda', {}, shadowed, ['Variable', {}, ['a']]]]
    const value = { inputTypes: [], outputType: ['Unit', {}], body: lambda }
    const { model, out } = places(library([], [[['v'], value]]))
    const { code, stdout, stderr } = await publish(model, out)
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Nothing was published. The model has errors.\n' })
    expect(stdout).toContain('error: M.v has two meanings for a, one within the other\n')
    expect(existsSync(out)).toBe(false)
  })

  it('publishes nothing of types without a schema', async () => {
    const { model, out } = places(library([[['a'], ['TypeAliasDefinition', [], ['Unit', {}]]]], []))
    expect(await publish(model, out)).toEqual({
      code: 1,
      stdout: 'error: Cannot map type () in module M\n',
      stderr: 'Nothing was published. The model has types for which there is no JSON Schema.\n',
    })
    expect(existsSync(out)).toBe(false)
  })

  it.each([
    ['an IR of version 4', { formatVersion: 4, distribution: {} }, 'ir has format version 4, a draft'],
    ['no IR', [], 'ir is not a Morphir IR'],
  ])('says in one line why it cannot publish %s', async (_, ir, why) => {
    const { model, out } = places(ir)
    const { code, stdout, stderr } = await publish(model, out)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Nothing was published\. [^\n]+\n$/)
    expect(stderr).toContain(why)
  })

  it('says in one line which file is missing', async () => {
    for (const args of [
      [join(temporaryDirectory(), 'none.json'), 'out'],
      [CONFIG, 'out', join(temporaryDirectory(), 'none.toml')],
    ]) {
      const { code, stderr } = await publish(...args)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^Nothing was published\. [^\n]*none\.(json|toml)[^\n]*\n$/)
    }
  })

  it.each([[[]], [['model.json']], [['a', 'b', 'c', 'd']]])('refuses arguments that are %j', async (args) => {
    const { code, stdout, stderr } = await publish(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^Two or three arguments are needed: /)
  })
})
