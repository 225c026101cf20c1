;; An extension that some packages are poison to: it never returns from one with "loop" in its name, and breaks off at one with "trap". All
;; others it only looks at. The name is among the first 256 bytes.

(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))

  (memory 1)
  (data (i32.const 0) "{\"status\":\"ready\"}")
  (data (i32.const 32) "[{\"name\":\"inspect\",\"description\":\"Looks at a package.\"}]")
  (data (i32.const 96) "{}")

  (func (export "initialize") (result i32)
    (call $answer (i32.const 0) (i32.const 18))
    (i32.const 0))

  (func (export "capabilities") (result i32)
    (call $answer (i32.const 32) (i32.const 56))
    (i32.const 0))

  (func (export "inspect") (result i32)
    (local $at i64)
    (local $word i64)
    (loop $next
      ;; Six bytes of the text, the first one lowest.
      (local.set $word (i64.and (call $input_load_u64 (local.get $at)) (i64.const 0xffff_ffff_ffff)))
      ;; "loop", with its quotes
      (if (i64.eq (local.get $word) (i64.const 0x22_70_6f_6f_6c_22)) (then (loop $forever (br $forever))))
      ;; "trap"
      (if (i64.eq (local.get $word) (i64.const 0x22_70_61_72_74_22)) (then (unreachable)))
      (local.set $at (i64.add (local.get $at) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $at) (i64.const 256))))
    (call $answer (i32.const 96) (i32.const 2))
    (i32.const 0))

  ;; Answers with text of the memory.
  (func $answer (param $from i32) (param $length i32)
    (local $at i32)
    (local $block i64)
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
    (loop $next
      (call $store_u8
        (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))
        (i32.load8_u (i32.add (local.get $from) (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $length))))
    (call $output_set (local.get $block) (i64.extend_i32_u (local.get $length)))))
