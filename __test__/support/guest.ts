import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import loadWabt from 'wabt'

const FEATURES = {
  bulk_memory: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  sign_extension: true,
  tail_call: true,
}
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

/** The same as a file, for other processes and threads. */
export async function guestFile(name: string): Promise<string> {
  return file(name, await guest(name))
}

/** A file with these bytes, which goes when the tests end. */
export function file(name: string, bytes: Uint8Array): string {
  const directory = join(process.env.MORPHIR_TEST_DIRECTORY!, 'guests')
  mkdirSync(directory, { recursive: true })
  const path = join(directory, `${name}.wasm`)
  writeFileSync(`${path}.${process.pid}`, bytes)
  renameSync(`${path}.${process.pid}`, path)
  return path
}

/** The module that this text describes. */
export async function wat(text: string, name = 'inline.wat'): Promise<Uint8Array> {
  const wabt = await loadWabt()
  // A copy, because it reads all of the buffer that an array is a part of.
  const module = wabt.parseWat(name, new TextEncoder().encode(text).slice(), FEATURES)
  try {
    module.resolveNames()
    // Checks nothing that the host does not check again, and its types know no features.
    return module.toBinary({ write_debug_names: true }).buffer
  } finally {
    module.destroy()
  }
}

/** A plain plug-in whose method `which` answers this number, from 0 to 9. */
export const numbered = (number: number): Promise<Uint8Array> =>
  wat(`(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (func (export "which")
      (local $at i64)
      (local.set $at (call $alloc (i64.const 1)))
      (call $store_u8 (local.get $at) (i32.const ${48 + number}))
      (call $output_set (local.get $at) (i64.const 1))))`)
