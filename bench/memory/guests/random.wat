;; Grows its memory until it is refused, fills all of it, and then as much of it as one call may, 60 MB, with random bytes, which the
;; engine makes in memory of its own.

(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))

  (memory (export "memory") 1)
  (func (export "attack") (local $bytes i32)
    (loop $more
      (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (local.set $bytes (i32.shl (memory.size) (i32.const 16)))
    (memory.fill (i32.const 0) (i32.const 1) (local.get $bytes))
    (if (i32.gt_u (local.get $bytes) (i32.const 60000000))
      (then (local.set $bytes (i32.const 60000000))))
    (drop (call $random_get (i32.const 0) (local.get $bytes)))))
