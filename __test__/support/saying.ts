import { wat } from './guest.ts'

/** A module that says it has these capabilities; each of its methods answers its params. */
export function saying(capabilities: readonly { name: string }[], methods?: readonly string[]): Promise<Uint8Array> {
  const list = Buffer.from(JSON.stringify(capabilities))
  const exported = methods ?? capabilities.map(({ name }) => name)
  const echoes = [...new Set(exported)].map((name) => `(export "${data(Buffer.from(name))}" (func $echo))`)
  return wat(`(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (memory ${Math.ceil((list.length + 32) / 65536)})
    (data (i32.const 0) "{\\"status\\":\\"ready\\"}")
    (data (i32.const 32) "${data(list)}")
    (func (export "initialize") (result i32) (call $answer (i32.const 0) (i32.const 18)) (i32.const 0))
    (func (export "capabilities") (result i32) (call $answer (i32.const 32) (i32.const ${list.length})) (i32.const 0))
    (func $echo (result i32) (call $output_set (call $input_offset) (call $input_length)) (i32.const 0))
    ${echoes.join('\n    ')}
    (func $answer (param $from i32) (param $length i32)
      (local $to i64) (local $index i32)
      (local.set $to (call $alloc (i64.extend_i32_u (local.get $length))))
      (loop $next
        (call $store_u8
          (i64.add (local.get $to) (i64.extend_i32_u (local.get $index)))
          (i32.load8_u (i32.add (local.get $from) (local.get $index))))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $index) (local.get $length))))
      (call $output_set (local.get $to) (i64.extend_i32_u (local.get $length)))))`)
}

/** Bytes as the text format writes them. */
function data(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')
}
