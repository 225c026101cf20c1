import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { command } from './support/command.ts'
import { temporaryDirectory } from './support/directory.ts'
import { file, guestFile, wat } from './support/guest.ts'
import { project } from './support/project.ts'

const plain = ['--lifecycle', 'none']

/** What `fixtures/functions.wat` imports. */
const FUNCTIONS = `{
  'extism:host/user': {
    change: (value, { extension, method }) => ({ value, extension, method }),
    join: { text: async (one, other) => one + other },
    note: () => {},
    now: () => 0,
  },
  other: { nudge: () => {} },
}`

/** A file with this text. */
function written(text: string, name = 'functions.mjs'): string {
  const path = join(temporaryDirectory(), name)
  writeFileSync(path, text)
  return path
}

describe('--functions', () => {
  it.each([
    ['an ES module', 'functions.mjs', `export default ${FUNCTIONS}`],
    ['CommonJS', 'functions.cjs', `module.exports = ${FUNCTIONS}`],
  ])('gives an extension functions, from %s', async (_, name, text) => {
    const given = ['--functions', written(text, name)]
    const path = await guestFile('functions')
    const change = await command(['call', path, 'change', '{"a":1}', ...plain, ...given])
    expect(change).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(change.stdout)).toEqual({ value: { a: 1 }, extension: 'functions', method: 'change' })
    const joined = await command(['call', path, 'join', '12', ...plain, ...given])
    expect(joined).toEqual({ code: 0, stdout: '1212\n', stderr: '' })
  })

  it('gives them to every command that loads an extension', async () => {
    // An extension that is not ready unless it was answered.
    const path = file('asking', await asking())
    const given = [
      '--functions',
      written('export default { "extism:host/user": { ready: { text: () => `{"status":"ready"}` } } }'),
    ]
    const commands = [
      ['call', path, 'echo', '1'],
      ['bench', path, 'echo', '1', '--seconds', '0.05', '--warm-up', '0'],
      ['types', path],
      ['conformance', path, '--only', 'loads', '--only', 'initialize', '--only', 'answers', '--params', 'echo=1'],
      ['inspect', path],
      ['inspect', path, '--no-run'],
    ]
    for (const words of commands) {
      expect(await command([...words, ...given])).toMatchObject({ code: 0, stderr: '' })
      expect((await command(words)).code).toBe(1)
    }
  })

  it('gives them to all that a configuration file lists', async () => {
    const { file: toml } = await project('[extensions.ext]\npath = "functions.wasm"\ndialect = "raw"\n', {
      'functions.wasm': 'functions',
    })
    const call = ['run', toml, '--call', 'ext', 'change', '1']
    expect(await command(call)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^failed {3}ext: /),
    })
    const { code, stdout } = await command([...call, '--functions', written(`export default ${FUNCTIONS}`)])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ value: 1, extension: 'ext' })
  })

  it('is what to use where a module imports functions', async () => {
    const { code, stderr } = await command(['call', await guestFile('functions'), 'now', ...plain])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^InvalidSource: .*extism:host\/user::now[^]*\nHere they come from a file: --functions functions\.mjs\.$/m,
    )
  })

  it('does not keep a command that has nothing more to do', async () => {
    const text = `setInterval(() => {}, 1000); export default ${FUNCTIONS}`
    const answer = await command(['call', await guestFile('functions'), 'now', ...plain, '--functions', written(text)])
    expect(answer).toEqual({ code: 0, stdout: '0\n', stderr: '' })
  })

  it('says what a function threw', async () => {
    const text = `export default ${FUNCTIONS.replace('() => 0', '() => { throw new Error("no clock") }')}`
    const { code, stderr } = await command([
      'call',
      await guestFile('functions'),
      'now',
      ...plain,
      '--functions',
      written(text),
    ])
    expect(code).toBe(1)
    expect(stderr).toBe('Trap: The host function `extism:host/user::now` failed: no clock.\n')
  })

  it.each<[string, string, RegExp]>([
    [
      'that throws',
      'const a = 1\nthrow new Error("no database")',
      /cannot be imported: Error: no database, at file:\S+functions\.mjs:2:7\.$/m,
    ],
    ['that throws no error', 'throw 5', /cannot be imported: it threw 5\.$/m],
    ['that throws what has no text', 'throw Object.create(null)', /it threw something that has no text\.$/m],
    [
      'whose default throws',
      'export default { get a() { throw new Error("not now") } }',
      /its default export cannot be read: Error: not now, at file:\S+functions\.mjs:1:\d+\.$/m,
    ],
    [
      'that orders a terminal something',
      'throw new Error("\\u001b[2J")',
      /cannot be imported: Error: \\u001b\[2J, at /,
    ],
    ['that is no JavaScript', 'export default {,', /cannot be imported: SyntaxError: Unexpected token ','\.$/m],
    [
      'that imports what is not there',
      'import "./none.mjs"',
      /cannot be imported: Error: Cannot find module .*none\.mjs/,
    ],
    ['that awaits for ever', 'await new Promise(() => {})', /functions\.mjs: it awaits what never comes\.$/m],
    ['without exports', '', /functions\.mjs: it exports no function: write export default \{ "extism:host\/user": /],
    ['without functions', 'export default { "extism:host/user": {} }', /it exports no function: write export default /],
    [
      'without a default',
      'export const a = 1, b = () => {}',
      /it has no default export, only a, b: write export default /,
    ],
    [
      'whose default is no object',
      'export default 5',
      /is not what `functions` takes: functions must be an object; it is number 5\. So write /,
    ],
    [
      'without a namespace',
      'export default { find() {} }',
      /functions\["find"\] must be an object; .* So write export default \{ "extism:host\/user": /,
    ],
    [
      'with what is no function',
      'export default { a: { b: 5 } }',
      /functions\["a"\]\["b"\] must be a function, .*; it is number 5\./,
    ],
    [
      'in a form there is not',
      'export default { a: { b: { xml: () => {} } } }',
      /functions\["a"\]\["b"\] must be a function, .*\{ bytes \}/,
    ],
  ])('says what is wrong with a file %s', async (_, text, message) => {
    const path = written(text)
    const { code, stdout, stderr } = await command(['call', await guestFile('echo'), 'echo', '1', '--functions', path])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^--functions \S+: [^]*^npx morphir-extension-host call --help shows what there is\.\n$/m)
    expect(stderr).not.toMatch(/^ {4}at |Warning/m)
  })

  it('says where there is no file', async () => {
    const wrong = { 'none.mjs': 'There is no file none.mjs.', '.': '. is a directory; ', '': '--functions is empty.' }
    for (const [path, sentence] of Object.entries(wrong)) {
      const answer = await command(['inspect', await guestFile('echo'), '--no-run', '--functions', path])
      expect(answer).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(sentence) })
    }
  })
})

describe('inspect', () => {
  it('tells which functions would be granted, and which are asked for', async () => {
    const some = written(`export default { 'extism:host/user': { change: () => 1, changed: () => 1 } }`)
    const { code, stdout } = await command([
      'inspect',
      await guestFile('functions'),
      ...plain,
      '--no-run',
      '--functions',
      some,
    ])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^Imports {7}.*\n {14}extism:host\/user: change$/m)
    expect(stdout).toMatch(/^ {14}extism:host\/user: join, note, now, not offered$/m)
    expect(stdout).toMatch(/^ {14}to call extism:host\/user::change, extism:host\/user::changed$/m)
    expect(stdout).toMatch(/functions of yours \(extism:host\/user::change\): granted$/m)
    expect(stdout).toMatch(
      /functions of yours \(extism:host\/user::join, .*, other::nudge\): not granted; see --functions$/m,
    )
  })

  it('tells them as JSON', async () => {
    const all = written(`export default ${FUNCTIONS}`)
    const { code, stdout } = await command([
      'inspect',
      await guestFile('functions'),
      ...plain,
      '--json',
      '--functions',
      all,
    ])
    expect(code).toBe(0)
    const found = JSON.parse(stdout) as { hostFunctions: string[]; asks: object[] }
    expect(found.hostFunctions).toContain('other::nudge')
    expect(found.asks).toEqual([
      { what: 'functions', imports: expect.arrayContaining(['other::nudge']), granted: true },
    ])
  })
})

/** An extension whose `initialize` answers what its host's function `ready` does. */
const asking = () =>
  wat(`(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (import "extism:host/user" "ready" (func $ready (result i64)))
    (memory 1)
    (data (i32.const 0) "[{\\"name\\":\\"echo\\",\\"description\\":\\"Answers its params\\"}]")
    (func (export "initialize") (local $at i64)
      (local.set $at (call $ready))
      (call $output_set (local.get $at) (call $length (local.get $at))))
    (func (export "capabilities") (local $to i64) (local $index i32)
      (local.set $to (call $alloc (i64.const 52)))
      (loop $next
        (call $store_u8 (i64.add (local.get $to) (i64.extend_i32_u (local.get $index))) (i32.load8_u (local.get $index)))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $index) (i32.const 52))))
      (call $output_set (local.get $to) (i64.const 52)))
    (func (export "echo") (call $output_set (call $input_offset) (call $input_length))))`)
