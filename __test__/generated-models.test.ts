import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exampleModule, loadExample } from './support/examples.ts'
import { generatedIr } from './support/generated-ir.ts'
import { newHost } from './support/host.ts'
import { hasMorphirElm, MorphirElm } from './support/morphir-elm.ts'

const MODELS = 100
const EXTENSIONS = ['ir-stats', 'json-schema']
const made = !EXTENSIONS.every((name) => existsSync(exampleModule(name)))
  ? ` (the extensions are made by \`npm run build:extensions -- --only ${EXTENSIONS.join(',')}\`)`
  : hasMorphirElm
    ? ''
    : ' (morphir-elm is installed by `npm run demo` and `npm test`)'

describe.skipIf(made)(`of ${MODELS} generated models${made}`, () => {
  it('ir-stats counts what morphir-elm counts', async () => {
    const elm = new MorphirElm()
    const host = newHost()
    const id = await loadExample(host, 'ir-stats')
    for (let seed = 1; seed <= MODELS; seed += 1) {
      const ir = generatedIr(seed)
      const theirs = await elm.stats(ir)
      if (!('files' in theirs)) throw new Error(`morphir-elm counts nothing: ${theirs.errors.join('; ')}`)
      const { features } = await host.call<{ features: object }>(id, 'validate', { ir })
      expect({ seed, features }).toEqual({ seed, features: JSON.parse(theirs.files['FeatureMetrics.json']!) })
    }
  })

  it('json-schema makes what morphir-elm makes, and refuses what it refuses', async () => {
    const elm = new MorphirElm()
    const host = newHost()
    const id = await loadExample(host, 'json-schema')
    let refused = 0
    for (let seed = 1; seed <= MODELS; seed += 1) {
      const ir = generatedIr(seed)
      const theirs = await elm.jsonSchema(ir)
      const { artifacts, diagnostics } = await host.call<{
        artifacts: { path: string; content: string }[]
        diagnostics: { severity: string; message: string }[]
      }>(id, 'generate', { ir })
      const files = Object.fromEntries(artifacts.map(({ path, content }) => [path, content]))
      const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
      if ('files' in theirs) {
        expect({ seed, files, errors }).toEqual({ seed, files: theirs.files, errors: [] })
      } else {
        refused += 1
        // morphir-elm repeats some.
        expect({ seed, files, errors: new Set(errors) }).toEqual({ seed, files: {}, errors: new Set(theirs.errors) })
      }
    }
    expect(refused).toBeGreaterThan(10)
    expect(refused).toBeLessThan(MODELS / 2)
  })
})
