;; Answers every environment variable that it sees.

(module
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))

  (func (export "echo")
    (call $output_set (call $input_offset) (call $input_length)))

  ;; How many there are at 0, the length of all at 4; where each begins from 1,024 on, all of them from 65,536 on.
  (memory (export "memory") 64)
  (func (export "attack") (local $to i64) (local $place i32)
    (drop (call $environ_sizes_get (i32.const 0) (i32.const 4)))
    (drop (call $environ_get (i32.const 1024) (i32.const 65536)))
    (local.set $to (call $alloc (i64.extend_i32_u (i32.load (i32.const 4)))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $place) (i32.load (i32.const 4))))
        (call $store_u8
          (i64.add (local.get $to) (i64.extend_i32_u (local.get $place)))
          (i32.load8_u offset=65536 (local.get $place)))
        (local.set $place (i32.add (local.get $place) (i32.const 1)))
        (br $next)))
    (call $output_set (local.get $to) (i64.extend_i32_u (i32.load (i32.const 4))))))
