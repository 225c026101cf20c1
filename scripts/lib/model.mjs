import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from './failure.mjs'
import { installPackages, script } from './packages.mjs'
import { model, modelIr } from './places.mjs'
import { run } from './run.mjs'
import { step } from './step.mjs'

/** Compiles the example model to IR, unless that is newer than its sources. */
export async function buildModel() {
  await installPackages(model)
  await step('Compiling the example model', async (live) => {
    if (existsSync(modelIr) && newest(sources()) <= statSync(modelIr).mtimeMs) return live.note('up to date')
    // morphir-elm skips modules whose hashes it knows, even when the IR that it made of them is gone.
    for (const stale of [modelIr, join(model, 'morphir-hashes.json')]) rmSync(stale, { force: true })
    const compiler = script('morphir-elm', { directory: model })
    const end = await run(process.execPath, [compiler, 'make', '-o', 'morphir-ir.json'], { cwd: model })
    if (!existsSync(modelIr)) throw new Failure('morphir-elm made no IR of the example model.', { output: end.lines })
  })
}

function sources() {
  const elm = readdirSync(join(model, 'src'), { recursive: true, encoding: 'utf8' })
  return ['morphir.json', 'package-lock.json', ...elm.map((file) => join('src', file))].map((file) => join(model, file))
}

function newest(files) {
  return Math.max(...files.map((file) => statSync(file).mtimeMs))
}
