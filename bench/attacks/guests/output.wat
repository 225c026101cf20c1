;; Answers with a gigabyte.

(module
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))

  (func (export "echo")
    (call $output_set (call $input_offset) (call $input_length)))

  (func (export "attack")
    (call $output_set (call $alloc (i64.const 1000000000)) (i64.const 1000000000))))
