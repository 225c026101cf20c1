;; What no extension should be: it loops, takes all the memory there is, and breaks off. `count` answers how often it was called since it
;; was started, so that 1 says that its state was lost.

(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  (memory 1)
  (data (i32.const 0) "{\"status\":\"ready\"}")
  (data (i32.const 64)
    "[{\"name\":\"count\",\"description\":\"Counts its calls\"},"
    "{\"name\":\"loop\",\"description\":\"Never comes back\"},"
    "{\"name\":\"hoard\",\"description\":\"Takes all memory\"},"
    "{\"name\":\"trap\",\"description\":\"Breaks off\"}]")

  (global $calls (mut i32) (i32.const 0))

  (func (export "initialize") (result i32)
    (call $answer (i32.const 0) (i32.const 18))
    (i32.const 0))

  (func (export "capabilities") (result i32)
    (call $answer (i32.const 64) (i32.const 193))
    (i32.const 0))

  ;; A digit is enough.
  (func (export "count") (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store8 (i32.const 1024) (i32.add (i32.const 0x30) (global.get $calls)))
    (call $answer (i32.const 1024) (i32.const 1))
    (i32.const 0))

  (func (export "loop") (result i32)
    (loop $forever (br $forever))
    (unreachable))

  (func (export "hoard") (result i32)
    (loop $more
      (drop (call $alloc (i64.const 65536)))
      (br $more))
    (unreachable))

  (func (export "trap") (result i32)
    (unreachable))

  (func $answer (param $from i32) (param $length i32)
    (local $to i64) (local $index i32)
    (local.set $to (call $alloc (i64.extend_i32_u (local.get $length))))
    (loop $next
      (call $store_u8
        (i64.add (local.get $to) (i64.extend_i32_u (local.get $index)))
        (i32.load8_u (i32.add (local.get $from) (local.get $index))))
      (local.set $index (i32.add (local.get $index) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $index) (local.get $length))))
    (call $output_set (local.get $to) (i64.extend_i32_u (local.get $length)))))
