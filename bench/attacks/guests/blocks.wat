;; Takes Extism's memory, a megabyte at a time, and touches every page of it, without end.

(module
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))

  (func (export "echo")
    (call $output_set (call $input_offset) (call $input_length)))

  (func (export "attack") (local $block i64) (local $place i64)
    (loop $more
      (local.set $block (call $alloc (i64.const 1000000)))
      (local.set $place (i64.const 0))
      (loop $next
        (call $store_u8 (i64.add (local.get $block) (local.get $place)) (i32.const 1))
        (local.set $place (i64.add (local.get $place) (i64.const 4096)))
        (br_if $next (i64.lt_u (local.get $place) (i64.const 1000000))))
      (br $more))))
