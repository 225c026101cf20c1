;; Takes as many bytes of Extism's memory as its input says, fills them, and answers with all of them.

(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  (func (export "attack") (local $length i64) (local $block i64) (local $place i64)
    (local.set $length (call $number))
    (local.set $block (call $alloc (local.get $length)))
    (loop $next
      (call $store_u64 (i64.add (local.get $block) (local.get $place)) (i64.const 0x2e2e2e2e2e2e2e2e))
      (local.set $place (i64.add (local.get $place) (i64.const 1024)))
      (br_if $next (i64.lt_u (i64.add (local.get $place) (i64.const 8)) (local.get $length))))
    (call $output_set (local.get $block) (local.get $length)))

  ;; The input's decimal digits.
  (func $number (result i64) (local $number i64) (local $index i64)
    (loop $next
      (local.set $number
        (i64.add
          (i64.mul (local.get $number) (i64.const 10))
          (i64.extend_i32_u (i32.sub (call $input_load_u8 (local.get $index)) (i32.const 0x30)))))
      (local.set $index (i64.add (local.get $index) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $index) (call $input_length))))
    (local.get $number)))
