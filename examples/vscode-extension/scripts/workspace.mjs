import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildModel } from '../../../scripts/lib/model.mjs'
import { modelIr } from '../../../scripts/lib/places.mjs'
import { example } from './places.mjs'

/** The same module three times: with little time, with more than a test has, and where there is none. */
const CONFIG = `[extensions.hostile]
path = "./hostile.wasm"

[extensions.hostile.permissions]
max_memory = "16MiB"
max_execution_time = "2s"

[extensions.endless]
path = "./hostile.wasm"

[extensions.endless.permissions]
max_execution_time = "10m"

[extensions.lost]
path = "./lost.wasm"
`

/**
 * A folder to open: the example model, and a configuration with hostile extensions. Answers it, a workspace that has it in no file system,
 * and how to remove them.
 */
export async function makeWorkspace() {
  const { folder, remove } = await makeFolder('morphir-ir.json')
  writeFileSync(join(folder, 'morphir.toml'), CONFIG)
  writeFileSync(join(folder, 'hostile.wasm'), await compile(join(example, 'test', 'hostile.wat')))
  const virtual = join(dirname(folder), 'elsewhere.code-workspace')
  writeFileSync(virtual, JSON.stringify({ folders: [{ uri: `elsewhere:${folder}` }] }))
  return { folder, virtual, remove }
}

/** One with nothing but the model, under another name: opening it activates nothing. */
export function makeQuietWorkspace() {
  return makeFolder('model.json')
}

async function makeFolder(file) {
  await buildModel()
  const directory = mkdtempSync(join(tmpdir(), 'morphir-extensions-'))
  const folder = join(directory, 'chartering')
  mkdirSync(folder)
  cpSync(modelIr, join(folder, file))
  return { folder, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

async function compile(path) {
  const { default: loadWabt } = await import('wabt')
  const wabt = await loadWabt()
  const module = wabt.parseWat(path, readFileSync(path, 'utf8'))
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}
