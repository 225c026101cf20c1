// Guests that are written as text, compiled.

import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from './places.mjs'

const FEATURES = {
  bulk_memory: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  sign_extension: true,
  tail_call: true,
}

/** Compiles the guest of a text (`fixtures/plain.wat`) and answers its module. */
export async function moduleOf(name) {
  // Not before it is needed: whoever asks for help may not have installed it yet.
  const { default: loadWabt } = await import('wabt')
  const wabt = await loadWabt()
  const module = wabt.parseWat(name, new Uint8Array(readFileSync(join(root, name))), FEATURES)
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

/** Compiles a guest into a directory, and answers its file. */
export async function compileGuest(name, directory) {
  const file = join(directory, `${basename(name, '.wat')}.wasm`)
  writeFileSync(file, await moduleOf(name))
  return file
}
