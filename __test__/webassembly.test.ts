import { describe, expect, it } from 'vitest'
import { runWell } from './support/child.ts'
import { file, wat } from './support/guest.ts'

// Both V8 and the engine of extensions turn the processor's faults into traps: each has to leave the other's alone.

describe("JavaScript's own WebAssembly", () => {
  it.each([
    ["libuv's pool", '{}'],
    ['threads of its own', '{ threads: 2 }'],
  ])('traps as ever beside extensions that trap, on %s', async (_, options) => {
    const path = file(
      'own',
      await wat(`(module (memory (export "memory") 1)
        (func (export "out_of_bounds") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
        (func $deeper (export "overflow") (param i32) (result i32) (i32.add (i32.const 1) (call $deeper (local.get 0)))))`),
    )
    const [counts] = await runWell(
      `const { instance } = await WebAssembly.instantiate(fs.readFileSync(${JSON.stringify(path)}))
       const host = newHost(${options})
       const id = await load(host, 'counter', { instances: 2 })
       const counts = { own: 0, guest: 0, well: 0 }
       const own = (name, argument, type) => {
         try { instance.exports[name](argument) } catch (error) { if (error instanceof type) counts.own += 1 }
       }
       for (let round = 0; round < 100; round += 1) {
         // The guest traps on its thread while this one traps too.
         const calls = ['out_of_bounds', 'divide', 'overflow', 'trap'].map((method) =>
           host.call(id, method).catch((error) => { if (error.code === 'Trap') counts.guest += 1 }))
         own('out_of_bounds', 0x7fff0000, WebAssembly.RuntimeError)
         own('divide', 0, WebAssembly.RuntimeError)
         own('overflow', 0, RangeError)
         await Promise.all(calls)
         own('out_of_bounds', 65536, WebAssembly.RuntimeError)
         if (instance.exports.divide(1) === 1 && (await host.call(id, 'count')) === 101) counts.well += 1
       }
       print(counts)`,
      { patience: 60_000 },
    )
    expect(counts).toEqual({ own: 400, guest: 400, well: 100 })
  })

  it('runs the same module that an extension is made of', async () => {
    const path = file(
      'same',
      await wat('(module (memory 1) (func (export "break") (result i32) (i32.load (i32.const 0x7fff0000))))'),
    )
    const [first, second, third] = await runWell(
      `const bytes = fs.readFileSync(${JSON.stringify(path)})
       const host = newHost()
       const { instance } = await WebAssembly.instantiate(bytes)
       const own = () => { try { instance.exports.break() } catch (error) { return error.constructor.name } }
       const id = await host.loadExtension({ name: 'same', source: { type: 'wasm', bytes }, lifecycle: 'none' })
       print(own())
       print(await host.call(id, 'break').catch((error) => error.code))
       print(own())`,
    )
    expect([first, second, third]).toEqual(['RuntimeError', 'Trap', 'RuntimeError'])
  })
})
