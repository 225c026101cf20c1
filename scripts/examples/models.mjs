// The Morphir packages that the examples work on, from Elm to IR.

import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildModel } from '../lib/model.mjs'
import { script } from '../lib/packages.mjs'
import { model, modelIr } from '../lib/places.mjs'
import { run } from '../lib/run.mjs'
import { step } from '../lib/step.mjs'

/** Compiles each folder of a directory to an IR file of its name, and the example model to chartering.json. */
export async function compilePackages(source, destination) {
  await buildModel()
  mkdirSync(destination, { recursive: true })
  copyFileSync(modelIr, join(destination, 'chartering.json'))
  await step('Compiling the other packages', async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'morphir-packages-'))
    try {
      // Elsewhere, because the compiler leaves files beside the sources.
      cpSync(source, scratch, { recursive: true })
      const compiler = script('morphir-elm', { directory: model })
      for (const name of readdirSync(scratch)) {
        const output = join(destination, `${name}.json`)
        await run(process.execPath, [compiler, 'make', '-o', output], { cwd: join(scratch, name) })
      }
    } finally {
      rmSync(scratch, { recursive: true })
    }
  })
}
