import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runWell } from './support/child.ts'

const NAME = '@finos/morphir-extension-host'
const require = createRequire(import.meta.url)

describe('the package', () => {
  it('gives the same two classes to import and to require, by name and as default', async () => {
    const [result] = await runWell(`
      const required = require('${NAME}')
      const imported = await import('${NAME}')
      print({
        required: Object.keys(required).sort(),
        imported: Object.keys(imported).sort(),
        same: imported.ExtensionHost === required.ExtensionHost && imported.ExtensionError === required.ExtensionError,
        default: imported.default === required,
        names: [required.ExtensionHost.name, required.ExtensionError.name],
      })`)
    expect(result).toEqual({
      required: ['ExtensionError', 'ExtensionHost'],
      imported: ['ExtensionError', 'ExtensionHost', 'default'],
      same: true,
      default: true,
      names: ['ExtensionHost', 'ExtensionError'],
    })
  })

  it('is found by Node as an ES module', async () => {
    const printed = await runWell(`
      const source = "import { ExtensionHost } from '${NAME}'; const host = new ExtensionHost({ cacheDir: false }); await host.close(); console.log('1')"
      const { execFileSync } = require('node:child_process')
      print(Number(execFileSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' })))`)
    expect(printed).toEqual([1])
  })

  it('exports its manifest, and nothing inside it', () => {
    expect(require(`${NAME}/package.json`).name).toBe(NAME)
    for (const inside of ['lib/host.js', 'binding.js', 'index.js']) {
      expect(() => require.resolve(`${NAME}/${inside}`)).toThrow(
        expect.objectContaining({ code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }),
      )
    }
  })

  it('has in its manifest every file that its entry points name, and the license', () => {
    const manifest = JSON.parse(readFileSync(require.resolve(`${NAME}/package.json`), 'utf8')) as {
      main: string
      types: string
      license: string
      exports: Record<string, Record<string, Record<string, string>>>
      files: string[]
      dependencies?: object
    }
    const entries = [
      manifest.main,
      manifest.types,
      ...Object.values(manifest.exports['.']!).flatMap((paths) => Object.values(paths)),
    ]
    for (const entry of entries) expect(manifest.files).toContain(entry.replace('./', ''))
    expect(manifest.license).toBe('Apache-2.0')
    expect(manifest.dependencies).toBe(undefined)
  })

  it('starts nothing when it is loaded', async () => {
    const [before, after] = (await runWell(`
      const { execFileSync } = require('node:child_process')
      const count = (code) => Number(execFileSync(process.execPath, ['-e', code + ';console.log(process.getActiveResourcesInfo().length)'], { encoding: 'utf8' }))
      print(count(''))
      print(count("require('${NAME}')"))`)) as [number, number]
    expect(after).toBe(before)
  })
})
