;; Grows its memory by 1 MiB at a time until it is refused, and fills all of it.

(module
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  (func (export "echo")
    (call $output_set (call $input_offset) (call $input_length)))

  (memory 1)
  (func (export "attack") (local $pages i32)
    (loop $more
      (local.set $pages (memory.grow (i32.const 16)))
      (if (i32.ne (local.get $pages) (i32.const -1))
        (then
          (memory.fill (i32.shl (local.get $pages) (i32.const 16)) (i32.const 1) (i32.const 0x100000))
          (br $more))))))
