;; Takes everything at once: variables, log messages, tables, half of its grant as its own memory and the rest as Extism's, all of it
;; filled, and answers with the latter. Its input says how many bytes half of the grant is.

(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))

  (memory 1)
  (table $functions 0 funcref)
  (table $references 0 externref)

  (func (export "attack") (local $half i64) (local $block i64) (local $place i64) (local $count i32)
    (local.set $half (call $number))
    ;; Ten variables of 100,000 bytes, and as many messages.
    (local.set $block (call $alloc (i64.const 100000)))
    (loop $next
      (local.set $place (call $alloc (i64.const 1)))
      (call $store_u8 (local.get $place) (i32.add (i32.const 0x30) (local.get $count)))
      (call $var_set (local.get $place) (local.get $block))
      (call $log_info (local.get $block))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $count) (i32.const 10))))
    (loop $more
      (br_if $more (i32.ne (table.grow $functions (ref.null func) (i32.const 1000)) (i32.const -1))))
    (loop $more
      (br_if $more (i32.ne (table.grow $references (ref.null extern) (i32.const 1000)) (i32.const -1))))
    (if (i32.ne (memory.grow (i32.wrap_i64 (i64.shr_u (local.get $half) (i64.const 16)))) (i32.const -1))
      (then (memory.fill (i32.const 65536) (i32.const 1) (i32.wrap_i64 (local.get $half)))))
    ;; Extism's memory starts with a megabyte, and has the variables' texts.
    (local.set $half (i64.sub (local.get $half) (i64.const 2500000)))
    (local.set $block (call $alloc (local.get $half)))
    (local.set $place (i64.const 0))
    (loop $next
      (call $store_u64 (i64.add (local.get $block) (local.get $place)) (i64.const 0x2e2e2e2e2e2e2e2e))
      (local.set $place (i64.add (local.get $place) (i64.const 1024)))
      (br_if $next (i64.lt_u (i64.add (local.get $place) (i64.const 8)) (local.get $half))))
    (call $output_set (local.get $block) (local.get $half)))

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
