;; What every guest does, and nothing else: takes its input and answers with it.

(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  (memory (export "memory") 1)
  (data (i32.const 0) "{\"status\":\"ready\"}")
  (data (i32.const 32)
    "[{\"name\":\"copy\",\"description\":\"Reads its params and writes them as its answer.\"},"
    "{\"name\":\"echo\",\"description\":\"Answers with its params, unread.\"},"
    "{\"name\":\"spin\",\"description\":\"Counts to 100,000 before it answers with its params.\"}]")
  ;; Where a text is read to.
  (global $place i32 (i32.const 1024))

  (func (export "initialize") (result i32)
    (call $write (i32.const 0) (i32.const 18))
    (i32.const 0))

  (func (export "capabilities") (result i32)
    (call $write (i32.const 32) (i32.const 231))
    (i32.const 0))

  (func $echo (export "echo") (result i32)
    (call $output_set (call $input_offset) (call $input_length))
    (i32.const 0))

  (func (export "copy") (result i32)
    (local $length i32)
    (local.set $length (i32.wrap_i64 (call $input_length)))
    (call $make_room (local.get $length))
    (call $read (local.get $length))
    (call $write (global.get $place) (local.get $length))
    (i32.const 0))

  (func (export "spin") (result i32)
    (local $count i32)
    (loop $next
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $count) (i32.const 100000))))
    (call $echo))

  (func $make_room (param $length i32)
    (local $more i32)
    (local.set $more
      (i32.sub
        (i32.shr_u (i32.add (i32.add (global.get $place) (local.get $length)) (i32.const 65543)) (i32.const 16))
        (memory.size)))
    (if (i32.gt_s (local.get $more) (i32.const 0))
      (then
        (if (i32.lt_s (memory.grow (local.get $more)) (i32.const 0)) (then (unreachable))))))

  ;; Eight bytes at a time, as development kits do it.
  (func $read (param $length i32)
    (local $at i32) (local $whole i32)
    (local.set $whole (i32.and (local.get $length) (i32.const -8)))
    (block $whole_done
      (loop $next
        (br_if $whole_done (i32.ge_u (local.get $at) (local.get $whole)))
        (i64.store
          (i32.add (global.get $place) (local.get $at))
          (call $input_load_u64 (i64.extend_i32_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $length)))
        (i32.store8
          (i32.add (global.get $place) (local.get $at))
          (call $input_load_u8 (i64.extend_i32_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))

  (func $write (param $from i32) (param $length i32)
    (local $to i64) (local $at i32) (local $whole i32)
    (local.set $to (call $alloc (i64.extend_i32_u (local.get $length))))
    (local.set $whole (i32.and (local.get $length) (i32.const -8)))
    (block $whole_done
      (loop $next
        (br_if $whole_done (i32.ge_u (local.get $at) (local.get $whole)))
        (call $store_u64
          (i64.add (local.get $to) (i64.extend_i32_u (local.get $at)))
          (i64.load (i32.add (local.get $from) (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $length)))
        (call $store_u8
          (i64.add (local.get $to) (i64.extend_i32_u (local.get $at)))
          (i32.load8_u (i32.add (local.get $from) (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $output_set (local.get $to) (i64.extend_i32_u (local.get $length)))))
