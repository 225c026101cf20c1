import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Malformed, readModule } from '../bin/inspect/module.mjs'
import { OFFERED } from '../bin/inspect/offered.mjs'
import { command } from './support/command.ts'
import { temporaryDirectory } from './support/directory.ts'
import { file, guest, guestFile, wat } from './support/guest.ts'
import { project } from './support/project.ts'
import { saying } from './support/saying.ts'

const COMPONENT = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])
const COMMANDS = ['call', 'run', 'inspect', 'conformance', 'bench', 'types']

const lines = (text: string) => text.split('\n').filter((line) => line !== '')

describe('every command', () => {
  it.each(COMMANDS)('has help with examples and exit codes: %s', async (name) => {
    const { code, stdout, stderr } = await command([name, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: morphir-extension-host ${name} `))
    expect(stdout).toMatch(/Exit code: 0 /)
    expect(stdout).toMatch(/Examples:\n {2}morphir-extension-host /)
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(136)
    expect((await command(['--help'])).stdout).toMatch(new RegExp(`^  ${name} {2,}\\w`, 'm'))
  })

  it.each<[string, string[], RegExp]>([
    ['an unknown option', ['call', '%', 'echo', '--fast'], /^Unknown option '--fast'/],
    ['no extension to call', ['call'], /^The extension is missing/],
    ['a file there is not', ['call', 'nothing.wasm', 'echo'], /^There is no file nothing\.wasm\./],
    ['what is no file', ['inspect', '/dev/null'], /^\/dev\/null is no file that/],
    ['a directory', ['inspect', '.'], /^\. is a directory; name the \.wasm file in it/],
    ['no method', ['call', '%'], /^The method is missing/],
    ['too much', ['call', '%', 'echo', '1', '2'], /^There is more than a file, a method and params: 2/],
    ['params that are not JSON', ['call', '%', 'echo', '{a'], /^The params: this is not JSON: .*@file/],
    ['a params file there is not', ['call', '%', 'echo', '@none.json'], /^The params: none\.json cannot be read/],
    ['a config that is no object', ['call', '%', 'echo', '--config', '[]'], /^--config must be a JSON object/],
    ['both raw and checked', ['call', '%', 'echo', '--raw', '--validate'], /exclude each other/],
    ['both raw and JSON', ['call', '%', 'echo', '--raw', '--json'], /exclude each other/],
    ['the same limit twice', ['call', '%', 'echo', '--timeout', '1s', '--max-execution-time', '1s'], /give one/],
    ['a limit that is none', ['call', '%', 'echo', '--max-memory', 'plenty'], /"plenty" is not a size/],
    ['a time that is none', ['call', '%', 'echo', '--timeout', 'soon'], /soon/],
    ['a lifecycle there is not', ['inspect', '%', '--lifecycle', 'gradual'], /gradual/],
    ['fuel that is no count', ['call', '%', 'echo', '--max-fuel', '1e3'], /--max-fuel must be a whole number/],
    ['a directory without its name', ['call', '%', 'echo', '--allow-path', 'data='], /"data=" is no directory/],
    ['two caches', ['call', '%', 'echo', '--no-cache', '--cache-dir', 'x'], /exclude each other/],
    ['two extensions to inspect', ['inspect', '%', '%'], /^There is more than one extension to inspect/],
    ['no time to measure', ['bench', '%', 'echo', '--seconds', '0'], /^--seconds must be a number/],
    ['a count that is none', ['bench', '%', 'echo', '--in-flight', 'many'], /^--in-flight must be a whole number/],
    ['no configuration file', ['run'], /^The configuration file is missing/],
    ['a call without --call', ['run', '%', 'echo', 'echo'], /there is --call/],
    ['--call without a method', ['run', '%', '--call', 'echo'], /^--call needs an extension and a method/],
  ])('says what is wrong with its arguments, and ends with 2: %s', async (_, args, message) => {
    const path = await guestFile('echo')
    const { code, stdout, stderr } = await command(args.map((arg) => (arg === '%' ? path : arg)))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^npx morphir-extension-host \w+ --help shows what there is\.$/m)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })
})

describe('call', () => {
  it('prints the answer as it was written, digits and all', async () => {
    const answer = await command(['call', await guestFile('echo'), 'echo', '{"n":12345678901234567890, "x":1.0}'])
    expect(answer).toEqual({ code: 0, stdout: '{"n":12345678901234567890, "x":1.0}\n', stderr: '' })
  })

  it('prints nothing for no answer', async () => {
    expect(await command(['call', await guestFile('echo'), 'nothing'])).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('takes params from standard input and from a file, and writes the answer to one', async () => {
    const directory = temporaryDirectory()
    const [params, output] = [join(directory, 'params.json'), join(directory, 'answer.json')]
    writeFileSync(params, '["from a file"]')
    const path = await guestFile('echo')
    const piped = await command(['call', path, 'echo', '-'], { input: '["from a pipe"]' })
    expect(piped).toMatchObject({ code: 0, stdout: '["from a pipe"]\n' })
    const written = await command(['call', path, 'echo', `@${params}`, '--output', output])
    expect(written).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(output, 'utf8')).toBe('["from a file"]')
  })

  it('says where an answer cannot be written', async () => {
    const output = join(temporaryDirectory(), 'none', 'answer.json')
    const { code, stderr } = await command(['call', await guestFile('echo'), 'echo', '1', '--output', output])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^IoError: .*answer\.json cannot be written: ENOENT/)
  })

  it('passes bytes with --raw, and calls a plain plug-in with --lifecycle none', async () => {
    const plain = ['call', await guestFile('plain'), 'echo', '-', '--raw', '--lifecycle', 'none']
    expect(await command(plain, { input: 'no JSON' })).toEqual({ code: 0, stdout: 'no JSON', stderr: '' })
    const { code, stderr } = await command(['call', await guestFile('plain'), 'echo'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^InitializationFailed: .*\nA plain Extism plug-in needs --lifecycle none\.\n$/)
  })

  it('refuses an answer that is not JSON, unless it is raw', async () => {
    const path = await guestFile('plain')
    const given = ['call', path, 'config', 'name', '--raw', '--lifecycle', 'none', '--config', '{"name":"no JSON"}']
    expect(await command(given)).toMatchObject({ code: 0, stdout: 'no JSON' })
    const bytes = ['call', await guestFile('echo'), 'not_utf8']
    const { code, stdout, stderr } = await command(bytes)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^SerializationError: The answer of not_utf8 is not JSON: /)
    expect(stderr).toContain('--raw')
  })

  it('tells the answer and what it cost with --json', async () => {
    const { code, stdout, stderr } = await command([
      'call',
      await guestFile('echo'),
      'echo',
      '[1]',
      '--json',
      '--max-fuel',
      '100000',
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      result: [1],
      milliseconds: expect.any(Number),
      loadMilliseconds: expect.any(Number),
      peakMemory: expect.any(Number),
      fuel: expect.any(Number),
    })
  })

  it.each<[string, string, string[], string, RegExp]>([
    ['an error of the extension', 'counter', ['fail'], 'ExtensionError', /The counter does not like this/],
    ['a method there is not', 'counter', ['nope'], 'MethodNotFound', /It has: .*count/],
    ['a guest that loops', 'counter', ['loop', '--timeout', '200ms'], 'Timeout', /--timeout 60s/],
    [
      'a guest that loops, limited by number',
      'counter',
      ['loop', '--max-execution-time', '200'],
      'Timeout',
      /more time/,
    ],
    ['a guest that hoards', 'counter', ['hoard', '--max-memory', '4MiB'], 'MemoryLimit', /--max-memory 1GiB/],
    ['an answer that is too long', 'logger', ['level', '--max-output', '1'], 'MemoryLimit', /with --max-output\.$/m],
    ['a guest that uses up its fuel', 'counter', ['loop', '--max-fuel', '1000'], 'FuelExhausted', /--max-fuel/],
    ['a trap', 'counter', ['trap'], 'Trap', /unreachable/],
    ['another hash', 'counter', ['count', '--sha256', '0'.repeat(64)], 'InvalidSource', /hash|sha-?256/i],
    [
      'a start-up that fails',
      'lifecycle',
      ['config', '--config', '{"do":"e"}'],
      'InitializationFailed',
      /I do not want to start/,
    ],
    ['a directory there is not', 'counter', ['count', '--allow-path', '/none/at/all'], 'IoError', /cannot be granted/],
  ])('ends with 1 and says what to do: %s', async (_, name, [method, ...options], code, words) => {
    const path = await guestFile(name!)
    const failed = await command(['call', path, method!, ...options])
    expect(failed).toMatchObject({ code: 1, stdout: '' })
    expect(failed.stderr).toMatch(new RegExp(`^${code}: `))
    expect(failed.stderr).toMatch(words)
    expect(failed.stderr).not.toMatch(/^ {4}at /m)
    const asJson = await command(['call', path, method!, ...options, '--json'])
    expect(asJson).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { name: 'ExtensionError', code } })
  })

  it('advises no grant for a limit that cannot be raised', async () => {
    const path = file('hoard_variables', await guest('hostile/hoard_variables'))
    const { code, stderr } = await command(['call', path, 'attack', '--dialect', 'raw'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^MemoryLimit: .* bytes of variables\.\n$/)
  })

  it('grants a directory under a name, to read or to write', async () => {
    const directory = temporaryDirectory()
    const path = await guestFile('directory')
    const granted = (option: string, method: string) =>
      command(['call', path, method, 'note.txt', '--raw', '--lifecycle', 'none', option, `${directory}=data`])
    expect(await granted('--readonly-path', 'write')).toMatchObject({ code: 1 })
    expect(existsSync(join(directory, 'note.txt'))).toBe(false)
    expect(await granted('--allow-path', 'write')).toMatchObject({ code: 0 })
    expect(await granted('--readonly-path', 'read')).toMatchObject({ code: 0, stdout: 'the extension was here' })
    expect(await granted('--readonly-path', 'name')).toMatchObject({ code: 0, stdout: 'data' })
  })

  it('checks params and answer with --validate', async () => {
    const methods = [
      { name: 'in', params_schema: { type: 'object', properties: { from: { type: 'string' } } } },
      { name: 'out', return_schema: { type: 'number' } },
    ]
    const path = file('checked', await saying(methods))
    const checked = (...args: string[]) => command(['call', path, ...args, '--validate'])
    expect(await checked('in', '{"from":"a", "n":1.0}')).toMatchObject({ code: 0, stdout: '{"from":"a", "n":1.0}\n' })
    const params = await checked('in', '{"from":1}')
    expect(params).toMatchObject({ code: 1, stdout: '' })
    expect(params.stderr).toMatch(
      /^SerializationError: The params are not what `in` takes: params\/from must be string\.$/m,
    )
    const result = await checked('out', '"a"')
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toMatch(/^ProtocolError: .*: result must be number\.$/m)
    expect(await command(['call', path, 'out', '"a"'])).toMatchObject({ code: 0 })
  })

  it('shows what the extension logs with --verbose, on standard error', async () => {
    const path = await guestFile('logger')
    const { code, stdout, stderr } = await command(['call', path, 'every_level', '--verbose'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(lines(stderr)).toContain('info  starting')
    expect(lines(stderr)).toContain('warn  every_level: an oddity')
    expect((await command(['call', path, 'every_level'])).stderr).toBe('')
  })

  it('orders a terminal nothing with what an extension says', async () => {
    const orders = ['\u001b', '\u0007', '\u009b', '\u061c', '\u202e']
    const description = '\u001b[2Jcleared\u0007\u009b31m\u061c\u202e'
    const path = file('orders', await saying([{ name: 'echo', description }]))
    const { stdout } = await command(['inspect', path])
    expect(stdout).toContain('\\u001b[2Jcleared\\u0007\\u009b31m\\u061c\\u202e')
    for (const order of orders) expect(stdout).not.toContain(order)
    const json = await command(['inspect', path, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ capabilities: [{ description }] })
    for (const order of orders) expect(json.stdout).not.toContain(order)
    const wrong = await command(['inspect', `none${description}.wasm`])
    expect(wrong).toMatchObject({ code: 2, stdout: '' })
    for (const order of orders) expect(wrong.stderr).not.toContain(order)
  })

  it('keeps compiled modules where it is told, or nowhere', async () => {
    const directory = join(temporaryDirectory(), 'cache')
    const path = await guestFile('echo')
    expect(await command(['call', path, 'echo', '1', '--no-cache'])).toMatchObject({ code: 0, stdout: '1\n' })
    expect(await command(['call', path, 'echo', '1', '--cache-dir', directory])).toMatchObject({ code: 0 })
    expect(existsSync(directory)).toBe(true)
  })

  it('says nothing when its reader stops reading', async () => {
    const input = JSON.stringify('x'.repeat(4_000_000))
    const args = ['call', await guestFile('echo'), 'echo', '-']
    const { code, stderr } = await command(args, { input, onOutput: (_, child) => child.stdout!.destroy() })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('Ctrl-C', () => {
  it.each<[string, string[]]>([
    ['a call', ['call', '%', 'loop', '--verbose']],
    ['a load', ['call', '%', 'loop', '--verbose', '--config', '{"do":"l"}']],
  ])('takes %s back, and ends with 130', async (what, args) => {
    const path = await guestFile(what === 'a call' ? 'logger' : 'lifecycle')
    let sent = false
    const interrupt = (child: { kill(signal: 'SIGINT'): boolean }) => {
      if (!sent) child.kill('SIGINT')
      sent = true
    }
    // Its log shows that the call runs; a load that loops says nothing.
    const ended = command(
      args.map((arg) => (arg === '%' ? path : arg)),
      {
        nodeArgs:
          what === 'a call' ? [] : ['--import', 'data:text/javascript,setTimeout(()=>console.error("now"),1500)'],
        onOutput: (output, child) => {
          if (/starting|now/.test(output)) setTimeout(() => interrupt(child), 300)
        },
      },
    )
    const { code, stderr } = await ended
    expect(sent).toBe(true)
    expect(code).toBe(130)
    expect(stderr).toMatch(/^Interrupted\.$/m)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })
})

describe('inspect', () => {
  it('shows exports, imports, memory, grants and capabilities', async () => {
    const path = await guestFile('echo')
    const { code, stdout, stderr } = await command([
      'inspect',
      path,
      '--max-memory',
      '16MiB',
      '--readonly-path',
      '/tmp=data',
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(lines(stdout)[0]).toBe('echo.wasm')
    expect(stdout).toMatch(/^[\d,]+ bytes, sha256 [0-9a-f]{64}$/m)
    expect(stdout).toMatch(/^Lifecycle {5}initialize, capabilities$/m)
    expect(stdout).toMatch(/^Functions {5}echo, nothing, not_utf8 {2}of 6$/m)
    expect(stdout).toMatch(/^Memory {8}64 KiB at start, no maximum of its own$/m)
    expect(stdout).toMatch(/^Imports {7}extism:host\/env: alloc, store_u8, input_offset, input_length, output_set$/m)
    expect(stdout).toMatch(/^Granted {7}memory 16MiB, answers up to 256MiB, 30s a call$/m)
    expect(stdout).toMatch(/to read \/tmp as data\n {14}to reach nothing over the network; no environment$/m)
    expect(stdout).toMatch(/^Capabilities {2}echo {2}Answers its params\. {2}schema of params and result$/m)
    expect(stdout).toMatch(/^It loads, in [\d.]+ ms\.$/m)
  })

  it('tells all of it as JSON', async () => {
    const { code, stdout } = await command(['inspect', await guestFile('echo'), '--json'])
    expect(code).toBe(0)
    const found = JSON.parse(stdout) as Record<string, unknown>
    expect(found).toMatchObject({
      usable: true,
      format: 'module',
      memories: [{ minimum: 1 }],
      start: false,
      loadMilliseconds: expect.any(Number),
      capabilities: [{ name: 'echo', params_schema: {}, return_schema: true }, { name: 'nothing' }],
    })
    expect(found.imports).toContainEqual({ module: 'extism:host/env', name: 'alloc', kind: 'function', offered: true })
    expect(found.exports).toContainEqual({ name: 'echo', kind: 'function' })
  })

  it('does not run anything with --no-run', async () => {
    const looping = file('loop_in_start', await guest('hostile/loop_in_start'))
    const still = await command(['inspect', looping, '--no-run', '--lifecycle', 'none'])
    expect(still).toMatchObject({ code: 0, stderr: '' })
    expect(still.stdout).toMatch(/^Start {9}has a start function/m)
    expect(still.stdout).toMatch(/It was not loaded/)
    const loaded = await command(['inspect', looping, '--lifecycle', 'none', '--timeout', '200ms'])
    expect(loaded).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Timeout: /m) })
  })

  it.each<[string, () => Promise<Uint8Array> | Uint8Array, RegExp]>([
    ['text', () => Buffer.from('no module'), /not WebAssembly/],
    ['nothing', () => Buffer.alloc(0), /a (WebAssembly )?module starts with the bytes/],
    ['a component', () => COMPONENT, /WebAssembly component/],
    ['a version to come', () => Buffer.from([0, 0x61, 0x73, 0x6d, 9, 0, 0, 0]), /WebAssembly/],
    ['half of a module', async () => (await guest('echo')).slice(0, 200), /module|end|cut/i],
    ['a section that is longer than the file', () => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 0x7f]), /./],
    [
      'a list of a billion imports',
      () => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 5, 0xff, 0xff, 0xff, 0xff, 3]),
      /./,
    ],
    [
      'an import that is not offered',
      () => wat('(module (import "env" "open" (func)) (func (export "a")))'),
      /env.*open.*not offered|env::open/,
    ],
    [
      'imports from what every object has',
      () => wat('(module (import "constructor" "name" (func)) (import "__proto__" "has" (func)) (func (export "a")))'),
      /constructor::name.*__proto__::has/,
    ],
  ])('says what is wrong with %s, loaded or not', async (name, bytes, words) => {
    const path = file(`broken-${name.replaceAll(' ', '-')}`, await bytes())
    for (const more of [[], ['--no-run']]) {
      const { code, stdout, stderr } = await command(['inspect', path, ...more])
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
      expect(lines(stdout).at(-1)).toMatch(words)
      const asJson = await command(['inspect', path, ...more, '--json'])
      expect(asJson.code).toBe(1)
      expect(JSON.parse(asJson.stdout)).toMatchObject({ usable: false })
    }
  })

  it('reads any bytes to their end, or says where they are not a module', async () => {
    const whole = Buffer.from(await guest('directory'))
    expect(readModule(whole).exports).toContainEqual({ name: 'read', kind: 'function' })
    let state = 1
    const roll = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    let malformed = 0
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = Buffer.from(whole.subarray(0, roll(4) === 0 ? roll(whole.length) : whole.length))
      for (let count = roll(4); count >= 0 && bytes.length > 8; count -= 1)
        bytes[8 + roll(bytes.length - 8)] = roll(256)
      try {
        readModule(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed)
        malformed += 1
      }
    }
    expect(malformed).toBeGreaterThan(1000)
  })

  it('marks what is offered in red only on a terminal, and names what is not', async () => {
    const path = file(
      'half-known',
      await wat(
        '(module (import "env" "open" (func)) (import "extism:host/env" "alloc" (func (param i64) (result i64))))',
      ),
    )
    const { stdout } = await command(['inspect', path, '--no-run'])
    expect(stdout).toMatch(/env: open, not offered$/m)
    expect(stdout).toMatch(/extism:host\/env: alloc$/m)
    expect(stdout).not.toContain('\u001b')
  })

  it('knows every function that the core offers', () => {
    const source = readFileSync(new URL('../crates/host/src/prepare/imports.rs', import.meta.url), 'utf8')
    const list = (name: string) => {
      const text = new RegExp(`const ${name}[^=]*= &\\[([^]*?)\\n\\];`).exec(source)![1]!
      return new Set(Array.from(text.matchAll(/^ {4}\(?"(\w+)"/gm), ([, found]) => found!))
    }
    expect(OFFERED.get('extism:host/env')).toEqual(list('EXTISM_FUNCTIONS'))
    expect(OFFERED.get('wasi_snapshot_preview1')).toEqual(list('WASI_FUNCTIONS'))
    const morphir = ['morphir', 'offers'].map((name) =>
      readFileSync(new URL(`../crates/host/src/${name}.rs`, import.meta.url), 'utf8'),
    )
    const names = morphir.join('').match(/"morphir_\w+"/g)!
    expect(OFFERED.get('extism:host/user')).toEqual(new Set(names.map((name) => name.slice(1, -1))))
  })
})

describe('bench', () => {
  it('measures and prints figures', async () => {
    const args = ['bench', await guestFile('echo'), 'echo', '[1]', '--seconds', '0.2', '--warm-up', '0']
    const { code, stdout, stderr } = await command(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(lines(stdout)[0]).toMatch(/^echo echo {2}[\d,]+ calls in 0\.2 s, 1 at once, 1 instance$/)
    for (const title of ['median', 'p99', 'calls', 'inside', 'load', 'memory']) {
      expect(stdout).toMatch(new RegExp(`^  ${title} +[\\d.,]+ `, 'm'))
    }
  })

  it('tells the figures as JSON, with several calls in flight', async () => {
    const args = [
      'bench',
      await guestFile('counter'),
      'count',
      '--seconds',
      '0.2',
      '--in-flight',
      '8',
      '--instances',
      '2',
    ]
    const { code, stdout } = await command([...args, '--json'])
    expect(code).toBe(0)
    const { calls, callsPerSecond, median, p99, max, ...rest } = JSON.parse(stdout) as Record<string, number>
    expect(rest).toMatchObject({ seconds: 0.2, inFlight: 8, instances: 2 })
    expect(calls).toBeGreaterThanOrEqual(8)
    expect(callsPerSecond).toBeGreaterThan(0)
    expect(median! <= p99! && p99! <= max!).toBe(true)
  })

  it('calls once at least, and ends with 1 where a call fails', async () => {
    const path = await guestFile('counter')
    const once = await command(['bench', path, 'count', '--seconds', '0.000001', '--warm-up', '0', '--json'])
    expect(JSON.parse(once.stdout)).toMatchObject({ calls: 1 })
    expect(await command(['bench', path, 'fail'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^ExtensionError: /),
    })
  })
})

describe('run', () => {
  const TOML = `[[extensions]]
name = "echo"
path = "ext/echo.wasm"
[[extensions]]
name = "counter"
path = "ext/counter.wasm"
[[extensions]]
name = "off"
enabled = false
`
  const GUESTS = { 'ext/echo.wasm': 'echo', 'ext/counter.wasm': 'counter' }

  it('says what loaded and answers a call for each line of its input', async () => {
    const { file: toml } = await project(TOML, GUESTS)
    const calls = [
      { extension: 'echo', method: 'echo', params: { a: 1 }, id: 'first' },
      { extension: 'echo', method: 'nothing', id: 2 },
      { extension: 'counter', method: 'fail', id: 3 },
      { extension: 'counter', method: 'loop', timeout: 200, id: 4 },
      { extension: 'nobody', method: 'echo', id: 5 },
      { method: 'echo', id: 6 },
    ]
    const input = [...calls.map((call) => JSON.stringify(call)), '', 'no JSON', '[1]'].join('\r\n')
    const { code, stdout, stderr } = await command(['run', toml], { input })
    expect(code).toBe(1)
    expect(lines(stderr)).toEqual(['loaded   echo', 'loaded   counter', 'skipped  off'])
    const answers = lines(stdout).map(
      (line) => JSON.parse(line) as { id?: unknown; error?: { code: string; message: string } },
    )
    const of = (id: unknown) => answers.find((answer) => answer.id === id)
    expect(answers).toHaveLength(8)
    expect(of('first')).toEqual({ id: 'first', result: { a: 1 } })
    expect(of(3)).toMatchObject({ error: { code: 'ExtensionError', extension: 'counter', method: 'fail' } })
    expect(of(4)).toMatchObject({ error: { code: 'Timeout' } })
    expect(of(5)).toMatchObject({ error: { code: 'NotFound', message: expect.stringContaining('echo, counter') } })
    const unread = answers.filter(({ id, error }) => id === undefined && error!.code === 'SerializationError')
    expect(unread).toHaveLength(3)
  })

  it('ends with 0 where all went well, and with its input', async () => {
    const { file: toml } = await project(TOML, GUESTS)
    const many = Array.from({ length: 1000 }, (_, id) => JSON.stringify({ extension: 'counter', method: 'count', id }))
    const { code, stdout } = await command(['run', toml], { input: many.join('\n') })
    expect(code).toBe(0)
    const results = lines(stdout).map((line) => (JSON.parse(line) as { result: number }).result)
    expect(results.toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 1000 }, (_, index) => 101 + index),
    )
  })

  it('calls once with --call', async () => {
    const { file: toml } = await project(TOML, GUESTS)
    const good = await command(['run', toml, '--call', 'echo', 'echo', '{"a":[1]}'])
    expect(good).toMatchObject({ code: 0, stdout: '{"a":[1]}\n' })
    const bad = await command(['run', toml, '--call', 'counter', 'fail'])
    expect(bad).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^ExtensionError: The counter/m) })
    const nobody = await command(['run', toml, '--call', 'nobody', 'echo'])
    expect(nobody).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^NotFound: No extension "nobody" is loaded/m),
    })
  })

  it('says where an extension failed, serves the others, and ends with 1', async () => {
    const { file: toml } = await project(`${TOML}[[extensions]]\nname = "gone"\npath = "ext/gone.wasm"\n`, GUESTS)
    const input = '{"extension":"echo","method":"echo","params":1}\n'
    const { code, stdout, stderr } = await command(['run', toml], { input })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '{"result":1}\n' })
    expect(stderr).toMatch(/^failed {3}gone: .*morphir\.toml:10:1: /m)
    const strict = await command(['run', toml, '--strict', '--json'], { input })
    expect(strict).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(strict.stdout)).toMatchObject({
      loaded: [{ name: 'echo' }, { name: 'counter' }],
      failed: [{ name: 'gone', error: { code: 'IoError' } }],
      skipped: ['off'],
    })
  })

  it('ends with 1 for a file that is not TOML', async () => {
    const { file: toml } = await project('extensions = [', {})
    const { code, stdout, stderr } = await command(['run', toml])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^InvalidConfig: .*morphir\.toml:1:/)
  })

  it('stops reading on Ctrl-C, and ends with 130', async () => {
    const { file: toml } = await project(TOML, GUESTS)
    const input = `{"extension":"counter","method":"loop"}\n`
    const { code, stdout, stderr } = await command(['run', toml], {
      input,
      onOutput: (output, child) => void (/skipped/.test(output) && setTimeout(() => child.kill('SIGINT'), 300)),
    })
    expect(code).toBe(130)
    expect(stdout).toMatch(/"code":"Cancelled"/)
    expect(stderr).toMatch(/^Interrupted\.$/m)
  })
})
