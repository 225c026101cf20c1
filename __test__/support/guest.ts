import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import loadWabt from 'wabt'

const FEATURES = { bulk_memory: true, multi_value: true, mutable_globals: true, reference_types: true, sign_extension: true }
const compiled = new Map<string, Promise<Uint8Array>>()

/** The module of `fixtures/<name>.wat`. */
export function guest(name: string): Promise<Uint8Array> {
  let module = compiled.get(name)
  if (module === undefined) {
    const path = fileURLToPath(new URL(`../../fixtures/${name}.wat`, import.meta.url))
    module = wat(readFileSync(path, 'utf8'), `${name}.wat`)
    compiled.set(name, module)
  }
  return module
}

/** The module that this text describes. */
export async function wat(text: string, name = 'inline.wat'): Promise<Uint8Array> {
  const wabt = await loadWabt()
  const module = wabt.parseWat(name, new TextEncoder().encode(text), FEATURES)
  try {
    module.resolveNames()
    module.validate(FEATURES)
    return module.toBinary({ write_debug_names: true }).buffer
  } finally {
    module.destroy()
  }
}
