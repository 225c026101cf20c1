import { existsSync } from 'node:fs'
import { beforeAll, describe, test } from 'vitest'
import { ExtensionHost } from '@finos/morphir-extension-host'
import { checks } from '@finos/morphir-extension-host/conformance'
import { LANGUAGES, moduleOf } from './support/languages.ts'

for (const language of LANGUAGES) {
  const source = moduleOf(language)
  const there = existsSync(source)
  const made = there ? '' : ` (its module is made by \`npm run build:extensions -- --only ${language}\`)`

  describe.skipIf(!there)(`the extension in ${language}${made} conforms:`, () => {
    const cacheDir = process.env.MORPHIR_TEST_CACHE
    // Engines take seconds to compile, minutes on a busy machine.
    beforeAll(async () => {
      await using host = new ExtensionHost({ cacheDir })
      await host.loadExtension({ name: language, source: { type: 'wasm', path: source } })
    }, 300_000)

    test.for(checks)('$title', { timeout: 120_000 }, async ({ run }) => {
      const { outcome, remark, error } = await run(source, { cacheDir })
      // None of them has a reason to leave one out.
      if (outcome !== 'passed') throw new Error(`${outcome}: ${remark}`, { cause: error })
    })
  })
}
