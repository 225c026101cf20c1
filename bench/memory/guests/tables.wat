;; Grows two tables, a thousand elements at a time, until both are refused.

(module
  (table $functions 0 funcref)
  (table $references 0 externref)
  (func $thousand)
  (elem declare func $thousand)
  (func (export "attack")
    (loop $more
      (br_if $more (i32.ne (table.grow $functions (ref.func $thousand) (i32.const 1000)) (i32.const -1))))
    (loop $more
      (br_if $more (i32.ne (table.grow $references (ref.null extern) (i32.const 1000)) (i32.const -1))))))
