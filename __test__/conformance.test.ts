import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkConformance, checks } from '@finos/morphir-extension-host/conformance'
import type { CheckName, CheckResult, ConformanceOptions, Report } from '@finos/morphir-extension-host/conformance'
import { temporaryDirectory } from './support/directory.ts'
import { guest, guestFile, wat } from './support/guest.ts'
import { rejection } from './support/promise.ts'

const RENAME_PACKAGE = new URL('../examples/extensions/rename-package/rename-package.wasm', import.meta.url)
const NAMES = checks.map(({ name }) => name)
const COMPONENT = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)

function check(source: Parameters<typeof checkConformance>[0], options: ConformanceOptions = {}): Promise<Report> {
  return checkConformance(source, { cacheDir: process.env.MORPHIR_TEST_CACHE, ...options })
}

/** What came of each check, by name; with the remark where it did not pass. */
function outcomes({ checks }: Report): Record<string, string> {
  return Object.fromEntries(
    checks.map(({ name, outcome, remark }) => [name, outcome === 'passed' ? outcome : `${outcome}: ${remark}`]),
  )
}

function remark({ checks }: Report, name: CheckName): string | undefined {
  return checks.find((result) => result.name === name)?.remark
}

const allPassed = Object.fromEntries(NAMES.map((name) => [name, 'passed']))

describe('a good extension', () => {
  it('passes every check', async () => {
    const report = await check(await guest('conformance'))
    expect(outcomes(report)).toEqual(allPassed)
    expect(report.passed).toBe(true)
  })

  it.skipIf(!existsSync(RENAME_PACKAGE))(
    'written in Rust passes as well: rename-package (its module is made by `npm run build:extensions`)',
    async () => {
      const report = await check(RENAME_PACKAGE, { config: { to: 'New.Home' } })
      expect(outcomes(report)).toEqual({ ...allPassed, echo: 'skipped: it has no method `echo`' })
      expect(remark(report, 'timeout')).toMatch(/^stopped at /)
      expect(remark(report, 'unicode')).toBe('`transform`')
    },
  )

  it('that only echoes need not read its params, and is mostly too quick to be stopped', async () => {
    const report = await check(await guest('echo'))
    const skipped = 'skipped: `echo` need not read its params; name a method that does'
    expect(outcomes(report)).toEqual({ ...allPassed, error: skipped, malformed: skipped })
    // Where the machine is busy it may be stopped after all, before it begins.
    expect(remark(report, 'timeout')).toMatch(/^(too quick to be stopped|stopped at )/)
  })

  it('is told in the order of the list, as soon as there is a result', async () => {
    const results: CheckResult[] = []
    const report = await check(await guest('conformance'), { onResult: (result) => results.push(result) })
    expect(report.checks.map(({ name }) => name)).toEqual(NAMES)
    expect(results).toEqual(report.checks)
    for (const { title, milliseconds, log } of results) {
      expect({ title, milliseconds, log }).toEqual({
        title: expect.stringMatching(/\w/),
        milliseconds: expect.any(Number),
        log: expect.any(Array),
      })
    }
    expect(results.find(({ name }) => name === 'answers')!.log).toMatchObject([
      { level: 'info', message: 'well done', method: 'transform' },
      { level: 'info', message: 'well done', method: 'transform' },
    ])
  })
})

/** An extension that fails a check: the letter by which `conformance.wat` is bad, or a module of its own. */
type Bad = string | (() => Uint8Array | Promise<Uint8Array>)

const BAD: [CheckName, string, Bad, RegExp][] = [
  ['loads', 'is not WebAssembly', () => Buffer.from('<html>'), /^InvalidSource: /],
  ['loads', 'is a component', () => COMPONENT, /^InvalidSource: .*component/],
  ['loads', 'traps when it starts', () => wat('(module (func $go (unreachable)) (start $go))'), /trapped: .* in go/],
  ['initialize', 'is not ready', 'b', /busy/],
  ['initialize', 'has no initialize', () => guest('plain'), /exports no function `initialize`/],
  ['capabilities', 'has none', '0', /^the list is empty/],
  ['capabilities', 'does not describe one', 'n', /^`transform` has no description$/],
  ['capabilities', 'has a schema that is none', 's', /^the params_schema of `transform` is no JSON Schema/],
  ['capabilities', 'names one twice', 'd', /^there are two capabilities `echo`$/],
  ['callable', 'does not export a method', 'c', /^the module exports no method `missing`/],
  ['echo', 'answers something else', 'e', /it answered "\{\}"$/],
  ['echo', 'changes a digit', 'f', /^the number 3\.14159265358979323846264338 came back as another/],
  ['answers', 'names no method', '0', /^it names no method to call$/],
  ['answers', 'answers what is not JSON', 'a', /^`transform` answered "oops", which is not JSON$/],
  ['answers', 'answers nothing', 'w', /^`transform` answered nothing$/],
  ['answers', 'answers what is not UTF-8', 'z', /^`transform` answered bytes that are not UTF-8$/],
  ['answers', 'counts its calls', 't', /differently the second time$/],
  ['error', 'takes everything for params', 'l', /^`transform` answered "This is not JSON\." as if/],
  ['error', 'traps', 'k', /ended as Trap: .* in refuse_params/],
  ['error', 'says nothing', 'q', /returned an error without a message$/],
  ['error', 'says what is not UTF-8', '8', /the message of its error is not UTF-8/],
  ['unknown-method', 'has every method', everyMethod, /^it answered a call of /],
  ['malformed', 'takes nothing for params', 'v', /^`transform` answered "" as if/],
  ['malformed', 'traps', 'k', /^given "" it ended as Trap/],
  ['malformed', 'is not the same after an error', 'g', /^after "", `transform` answered its usual params differently$/],
  ['unicode', 'knows only ASCII', 'u', /^`echo` does not keep Latin letters: .* became "Gr\?\?/],
  ['large', 'refuses what is large', 'h', /^ExtensionError: these params are too long$/],
  ['large', 'has no room for what is large', 'y', /^Trap: .*out of bounds/],
  ['large', 'changes what is large', 'i', /^`echo` answered a megabyte of text with something else$/],
  ['parallel', 'counts its calls', 't', /^`transform` answered differently at once/],
  ['timeout', 'starts only once', 'x', /^the next call failed: InitializationFailed/],
  ['memory', 'answers something else without memory', 'm', /^short of memory, `transform` answered .* differently/],
  ['memory', 'does not ask for memory', 'y', /^Trap: .*out of bounds/],
  ['memory', 'starts only once', 'x', /InitializationFailed/],
  ['recovery', 'is not the same after a fault', 'r', /^the next call answered its usual params differently$/],
  ['utf8', 'logs what is not UTF-8', 'o', /^a log line is not UTF-8: /],
  ['utf8', 'answers what is not UTF-8', 'z', /^`transform` answered bytes that are not UTF-8$/],
]

async function everyMethod(): Promise<Uint8Array> {
  const text = readFileSync(new URL('../fixtures/conformance.wat', import.meta.url), 'utf8')
  return wat(text.replace('(export "spare")', '(export "conformance: there is no such method")'))
}

/** A bad extension, and what it has to be loaded with. */
async function bad(how: Bad): Promise<[Uint8Array, ConformanceOptions]> {
  if (typeof how !== 'string') return [await how(), {}]
  const filesystem = [temporaryDirectory()]
  return [await guest('conformance'), { config: { do: how }, permissions: { filesystem } }]
}

describe('a bad extension', () => {
  it.each(BAD)('fails %s: it %s', async (name, _, how, expected) => {
    const [source, options] = await bad(how)
    const { run } = checks.find((check) => check.name === name)!
    const result = await run(source, { cacheDir: process.env.MORPHIR_TEST_CACHE, ...options })
    expect(result).toMatchObject({ name, outcome: 'failed', remark: expect.stringMatching(expected) })
  })

  it('is there for each check', () => {
    expect([...new Set(BAD.map(([name]) => name))]).toEqual(NAMES)
  })

  it('is told once what is wrong: checks that need what failed are skipped', async () => {
    const report = await check(COMPONENT)
    expect(report.passed).toBe(false)
    const { loads, initialize, capabilities, answers, ...others } = outcomes(report)
    expect(loads).toMatch(/^failed: InvalidSource/)
    expect({ initialize, capabilities, answers }).toEqual({
      initialize: 'skipped: needs loads',
      capabilities: 'skipped: needs initialize',
      answers: 'skipped: needs capabilities',
    })
    expect(Object.values(others).filter((outcome) => !/^skipped: needs (capabilities|answers)$/.test(outcome))).toEqual(
      [],
    )
  })

  it('fails one check by itself with what it lacks', async () => {
    const [source, options] = await bad('b')
    const report = await check(source, { ...options, only: ['large'] })
    expect(outcomes(report)).toEqual({ large: expect.stringMatching(/^failed: InitializationFailed: .*busy/) })
  })

  it.each([
    ['without capabilities', '0'],
    ['that counts', 't'],
    ['that traps', 'k'],
  ])('%s is a result of every check by itself, and no rejection', async (_, letter) => {
    const [source, options] = await bad(letter)
    for (const { name, run } of checks) {
      const result = await run(source, { cacheDir: process.env.MORPHIR_TEST_CACHE, ...options })
      expect(result).toMatchObject({ name, outcome: expect.stringMatching(/^(passed|failed|skipped)$/) })
    }
  })

  it('comes with the error that was underneath', async () => {
    const [source, options] = await bad('k')
    const { checks } = await check(source, { ...options, only: ['error'] })
    expect(checks[0]!.error).toMatchObject({ name: 'ExtensionError', code: 'Trap', method: 'transform' })
  })
})

describe('what an extension is called with', () => {
  const SCHEMA = JSON.stringify({ type: 'object', examples: [{ ir: { of: 'the schema' } }] })

  /** Refuses what is not exactly its text, and answers that. */
  function choosy(wanted: string, capabilities = [{ name: 'check', description: 'Is choosy.' }] as object[]) {
    const bytes = (text: string) =>
      [...Buffer.from(text)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')
    const list = JSON.stringify(capabilities)
    const [wantedLength, listLength] = [Buffer.byteLength(wanted), Buffer.byteLength(list)]
    return wat(`(module
      (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
      (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
      (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
      (import "extism:host/env" "input_length" (func $input_length (result i64)))
      (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
      (memory 1)
      (data (i32.const 0) "${bytes('{"status":"ready"}')}")
      (data (i32.const 1024) "${bytes(list)}")
      (data (i32.const 8192) "${bytes(wanted)}")
      (func (export "initialize") (result i32) (call $answer (i32.const 0) (i32.const 18)))
      (func (export "capabilities") (result i32) (call $answer (i32.const 1024) (i32.const ${listLength})))
      (func (export "check") (result i32) (local $index i32)
        (if (i64.ne (call $input_length) (i64.const ${wantedLength})) (then (return (i32.const 2))))
        (loop $next
          (if (i32.ne (i32.load8_u offset=8192 (local.get $index)) (call $input_load_u8 (i64.extend_i32_u (local.get $index))))
            (then (return (i32.const 3))))
          (local.set $index (i32.add (local.get $index) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $index) (i32.const ${wantedLength}))))
        (call $answer (i32.const 8192) (i32.const ${wantedLength})))
      (func $answer (param $from i32) (param $length i32) (result i32) (local $to i64) (local $index i32)
        (local.set $to (call $alloc (i64.extend_i32_u (local.get $length))))
        (loop $next
          (call $store_u8 (i64.add (local.get $to) (i64.extend_i32_u (local.get $index)))
            (i32.load8_u (i32.add (local.get $from) (local.get $index))))
          (local.set $index (i32.add (local.get $index) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $index) (local.get $length))))
        (call $output_set (local.get $to) (i64.extend_i32_u (local.get $length)))
        (i32.const 0)))`)
  }

  it('is what its author gives, by method', async () => {
    const params = { rules: ['α', 1] }
    const source = await choosy(JSON.stringify(params))
    expect(outcomes(await check(source, { only: ['answers'], params: { check: params } }))).toEqual({
      answers: 'passed',
    })
    expect(outcomes(await check(source, { only: ['answers'] }))).toEqual({ answers: expect.stringMatching(/^failed/) })
  })

  it('is the first example of its own schema', async () => {
    const capabilities = [{ name: 'check', description: 'Is choosy.', params_schema: JSON.parse(SCHEMA) as object }]
    const source = await choosy('{"ir":{"of":"the schema"}}', capabilities)
    expect(outcomes(await check(source, { only: ['answers'] }))).toEqual({ answers: 'passed' })
    const params = { check: { ir: 'something else' } }
    expect(outcomes(await check(source, { only: ['answers'], params }))).toEqual({
      answers: 'failed: ExtensionError: The extension returned the code 2 without saying why.',
    })
  })

  it('is a small IR of format version 3', async () => {
    const ir = JSON.parse(readFileSync(new URL('../lib/conformance/sample-ir.json', import.meta.url), 'utf8')) as object
    const source = await choosy(JSON.stringify({ ir }))
    const report = await check(source, { only: ['answers', 'unicode'] })
    expect(remark(report, 'answers')).toBe('`check`')
    // Choosy as it is, it refuses another documentation.
    expect(outcomes(report).unicode).toMatch(/^failed: ExtensionError/)
  })

  it('goes to the method that is named, also to one that is not there', async () => {
    const source = await guest('conformance')
    const method = 'echo'
    expect(remark(await check(source, { only: ['answers'], method }), 'answers')).toBe('`echo`')
    expect(outcomes(await check(source, { only: ['answers'], method: 'generate' }))).toEqual({
      answers: expect.stringMatching(/^failed: MethodNotFound: .*`generate`/),
    })
  })

  it('grows by white space where it has no IR, and says nothing of text that does not come back', async () => {
    const params = { count: null }
    const report = await check(await guest('counter'), { params, only: ['parallel', 'unicode'] })
    expect(outcomes(report)).toEqual({
      parallel: 'failed: `count` answered differently at once: it keeps something from one call to the next',
      unicode: "skipped: it has no `echo`, and `count` answers nothing of an IR's documentation",
    })
    const spaces = await check(await guest('echo'), {
      params: { echo: [1] },
      only: ['answers', 'large', 'parallel', 'memory'],
    })
    expect(spaces.passed).toBe(true)
    expect(remark(spaces, 'memory')).toMatch(/^MemoryLimit with /)
  })

  it('may import functions that are given', async () => {
    const nudge = () => {}
    const change = (value: unknown) => value
    const user = { change, join: change, note: nudge, now: nudge }
    const functions = { 'extism:host/user': user, other: { nudge } }
    const only: CheckName[] = ['loads']
    const without = await check(await guest('functions'), { only })
    expect(remark(without, 'loads')).toMatch(/^InvalidSource: .*extism:host\/user::change/)
    const given = await check(await guest('functions'), { functions, only })
    expect(outcomes(given)).toEqual({ loads: 'passed' })
  })

  it('is bounded by its permissions', async () => {
    const permissions = { maxFuel: 20_000 }
    const report = await check(await guest('conformance'), { permissions, only: ['large'] })
    expect(outcomes(report).large).toMatch(/^failed: FuelExhausted/)
  })
})

describe('the source', () => {
  it('is a path, a URL, bytes, or what loadExtension takes', async () => {
    const path = await guestFile('conformance')
    const sources = [path, pathToFileURL(path), await guest('conformance'), { type: 'wasm' as const, path }]
    const hashes = new Set<unknown>()
    for (const source of sources) {
      const report = await check(source, { only: ['loads'] })
      expect(outcomes(report)).toEqual({ loads: 'passed' })
      hashes.add(report.module!.sha256)
      expect(report.module!.bytes).toBe((await guest('conformance')).length)
    }
    expect(hashes.size).toBe(1)
    const [sha256] = hashes as Set<string>
    expect((await check({ type: 'wasm', path, sha256 }, { only: ['loads'] })).passed).toBe(true)
    const other = await check({ type: 'wasm', path, sha256: '0'.repeat(64) }, { only: ['loads'] })
    expect(outcomes(other).loads).toMatch(/^failed: InvalidSource/)
  })

  it('that cannot be read is a failed load', async () => {
    const report = await check(join(temporaryDirectory(), 'nothing.wasm'), { only: ['loads', 'echo'] })
    expect(outcomes(report)).toEqual({
      loads: expect.stringMatching(/^failed: IoError/),
      echo: expect.stringMatching(/^failed: IoError/),
    })
    expect(report.module).toBeUndefined()
  })
})

describe('options that make no sense', () => {
  it.each<[string, unknown, RegExp]>([
    ['none', null, /The options must be an object; it is null/],
    ['an unknown one', { onresult: () => {} }, /no option "onresult"/],
    ['a check there is not', { only: ['speed'] }, /There is no check "speed"; there are loads, /],
    ['no check', { only: [] }, /only must be/],
    ['a check without a list', { only: 'echo' }, /only must be/],
    ['an empty method', { method: '' }, /method must be/],
    ['params without methods', { params: ['x'] }, /params must be/],
    ['a listener that is none', { onResult: true }, /onResult must be/],
    ['a config that is none', { config: [] }, /config must be/],
    [
      'functions that are none',
      { functions: { user: { find: 5 } } },
      /functions\["user"\]\["find"\] must be a function/,
    ],
  ])('are a TypeError: %s', async (_, options, message) => {
    const error = await rejection(checkConformance(await guest('echo'), options as ConformanceOptions))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(message)
  })

  it('are InvalidConfig: a limit that is none', async () => {
    const error = await rejection(check(await guest('echo'), { permissions: { maxMemory: 'plenty' } }))
    expect(error).toMatchObject({ name: 'ExtensionError', code: 'InvalidConfig' })
  })
})

describe('the list of checks', () => {
  it('is the same for import and require', () => {
    const require = createRequire(import.meta.url)
    const required = require('@finos/morphir-extension-host/conformance') as { checks: unknown }
    expect(required.checks).toBe(checks)
  })

  // As docs/conformance.md shows it.
  it.for(checks)('makes a test of each: $title', async ({ run }, { skip }) => {
    const options = { cacheDir: process.env.MORPHIR_TEST_CACHE }
    const { outcome, remark, error } = await run(await guest('conformance'), options)
    if (outcome === 'skipped') skip(remark)
    if (outcome === 'failed') throw new Error(remark, { cause: error })
  })
})

describe('the command', () => {
  const BIN = fileURLToPath(new URL('../bin/morphir-extension-host.mjs', import.meta.url))

  function command(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    // Its own cache would be that of the user who runs the tests.
    const env = { ...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: join(process.env.MORPHIR_TEST_DIRECTORY!, 'xdg') }
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [BIN, ...args], { env, timeout: 60_000 }, (_, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr })
      })
    })
  }

  const conformance = (...args: string[]) => command('conformance', ...args)

  it('prints a line for each check, in columns, and ends with 0', async () => {
    const { code, stdout, stderr } = await conformance(await guestFile('conformance'))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines[0]).toBe('conformance.wasm')
    const rows = lines.slice(2, 2 + NAMES.length)
    expect(rows.map((row) => row.trim().split(/\s+/, 2))).toEqual(NAMES.map((name) => ['✓', name]))
    // Times end in the same column.
    expect(new Set(rows.map((row) => /\d m?s/.exec(row)!.index + row.match(/\d (m?s)/)![1]!.length)).size).toBe(1)
    expect(lines.at(-3)).toMatch(/^16 passed in [\d.]+ m?s\.$/)
    expect(lines.at(-2)).toMatch(/^[\d,]+ bytes, sha256 [0-9a-f]{64}$/)
  })

  it('says why a check failed or was skipped, and ends with 1', async () => {
    const config = '{"do":"a"}'
    const { code, stdout, stderr } = await conformance(await guestFile('conformance'), '--config', config)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toMatch(/^ {2}✗ {2}answers .* ms {2}`transform` answered "oops", which is not JSON$/m)
    expect(stdout).toMatch(/^ {2}– {2}large .* needs answers$/m)
    expect(stdout).toMatch(/^7 passed, 1 failed, 8 skipped in /m)
    expect(stdout).toContain('--params transform=@params.json')
  })

  it('shows what was logged and what is underneath with --verbose', async () => {
    const path = await guestFile('conformance')
    const { stdout } = await conformance(path, '--config', '{"do":"b"}', '--only', 'initialize', '--verbose')
    expect(stdout).toMatch(/^ {5}\| error ExtensionError, InitializationFailed, initialize: .*$/m)
    expect(stdout).toMatch(/^ {5}\| cause Error: .*busy/m)
    const good = await conformance(path, '--only', 'answers', '--verbose')
    expect(good.stdout).toMatch(/^ {5}\| info {2}transform: well done \(2 times\)$/m)
    expect((await conformance(path, '--only', 'answers')).stdout).not.toContain('well done')
  })

  it('prints the report with --json, errors included', async () => {
    const path = await guestFile('conformance')
    const { code, stdout, stderr } = await conformance(path, '--json', '--config', '{"do":"k"}', '--only', 'error')
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      passed: false,
      module: { bytes: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      milliseconds: expect.any(Number),
      checks: [
        {
          name: 'error',
          title: expect.any(String),
          outcome: 'failed',
          remark: expect.stringMatching(/Trap/),
          milliseconds: expect.any(Number),
          log: [],
          error: {
            name: 'ExtensionError',
            code: 'Trap',
            message: expect.any(String),
            extension: 'conformance',
            method: 'transform',
          },
        },
      ],
    })
    const good = await conformance(path, '--json')
    expect(good.code).toBe(0)
    expect(outcomes(JSON.parse(good.stdout) as Report)).toEqual(allPassed)
  })

  it('takes config and params from files', async () => {
    const directory = temporaryDirectory()
    const [config, params] = [join(directory, 'config.json'), join(directory, 'params.json')]
    writeFileSync(config, '{"do":"e"}')
    writeFileSync(params, '{"ir":{"mine":1}}')
    const path = await guestFile('conformance')
    const only = ['--only', 'echo', '--only', 'unicode', '--only', 'answers']
    const { code, stdout } = await conformance(
      path,
      ...only,
      '--config',
      `@${config}`,
      '--params',
      `transform=@${params}`,
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/✗ {2}echo/)
    expect(stdout).toMatch(/✓ {2}answers/)
  })

  it('holds the limits that it is given', async () => {
    const path = await guestFile('conformance')
    const small = await conformance(path, '--only', 'large', '--max-memory', '2MiB')
    expect(small).toMatchObject({ code: 1, stdout: expect.stringMatching(/MemoryLimit/) })
    const short = await conformance(path, '--only', 'large', '--max-execution-time', '5ms')
    expect(short).toMatchObject({ code: 1, stdout: expect.stringMatching(/Timeout/) })
  })

  it('fails a file that is no module, and a component', async () => {
    const directory = temporaryDirectory()
    for (const [name, bytes, words] of [
      ['text', Buffer.from('no module'), /✗ {2}loads .*InvalidSource/],
      ['component', COMPONENT, /✗ {2}loads .*component/],
    ] as const) {
      const path = join(directory, `${name}.wasm`)
      writeFileSync(path, bytes)
      const { code, stdout } = await conformance(path)
      expect(code).toBe(1)
      expect(stdout).toMatch(words)
      expect(stdout).toMatch(/^1 failed, 15 skipped in /m)
    }
  })

  it.each<[string, string[], RegExp]>([
    ['no command', [], /^The command is missing\.\nUsage: /],
    ['an unknown command', ['check'], /^There is no command check\.\nUsage: /],
    ['no extension', ['conformance'], /^The extension is missing/],
    ['two extensions', ['conformance', 'a.wasm', 'b.wasm'], /these are 2: a\.wasm, b\.wasm/],
    ['a file there is not', ['conformance', 'nothing.wasm'], /^There is no file nothing\.wasm\./],
    ['a directory', ['conformance', '.'], /^\. is a directory/],
    ['an unknown option', ['conformance', '%', '--fast'], /^Unknown option '--fast'/],
    ['an option without its value', ['conformance', '%', '--config'], /--config/],
    ['a config that is not JSON', ['conformance', '%', '--config', '{to}'], /^--config: this is not JSON: /],
    ['a config that is no object', ['conformance', '%', '--config', '[]'], /^--config must be a JSON object/],
    [
      'a config file there is not',
      ['conformance', '%', '--config', '@none.json'],
      /^--config: none\.json cannot be read/,
    ],
    ['params without a method', ['conformance', '%', '--params', '{}'], /write the method and its params/],
    [
      'params that are not JSON',
      ['conformance', '%', '--params', 'transform=x'],
      /^--params transform: this is not JSON/,
    ],
    ['an empty method', ['conformance', '%', '--method', ''], /^--method is empty/],
    ['a check there is not', ['conformance', '%', '--only', 'speed'], /^There is no check speed; there are loads, /],
    ['a limit that is none', ['conformance', '%', '--max-memory', 'plenty'], /"plenty" is not a size/],
  ])('says what is wrong with its arguments, and ends with 2: %s', async (_, args, message) => {
    const path = await guestFile('conformance')
    const { code, stdout, stderr } = await command(...args.map((arg) => (arg === '%' ? path : arg)))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd().split('\n').length).toBeGreaterThan(1)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })

  it('tells what there is, and its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect(await command('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    const help = await command('--help')
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/conformance {2,}checks/) })
    const more = await conformance('--help')
    expect(more).toMatchObject({ code: 0, stderr: '' })
    for (const name of NAMES) expect(more.stdout).toContain(name)
  })
})
