import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { remove } from './support/directory.ts'
import { fences } from './support/fences.ts'
import { wat } from './support/guest.ts'
import { hasRenaming, stage } from './support/stage.ts'

const WITHOUT = hasRenaming ? '' : ' (npm test makes the extension and the model)'
const shown = fences.find(({ page }) => page === 'docs/server.md')!.code

/** Speaks the protocol; its method never ends. */
const ENDLESS = `(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory 1)
  (data (i32.const 0) "{\\22status\\22:\\22ready\\22}")
  (data (i32.const 32) "[]")
  (func $answer (param $at i32) (param $length i32)
    (local $block i64) (local $index i32)
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
    (loop $next
      (call $store
        (i64.add (local.get $block) (i64.extend_i32_u (local.get $index)))
        (i32.load8_u (i32.add (local.get $at) (local.get $index))))
      (local.set $index (i32.add (local.get $index) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $index) (local.get $length))))
    (call $output (local.get $block) (i64.extend_i32_u (local.get $length))))
  (func (export "initialize") (call $answer (i32.const 0) (i32.const 18)))
  (func (export "capabilities") (call $answer (i32.const 32) (i32.const 2)))
  (func (export "transform") (loop $for_ever (br $for_ever))))`

const directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-server-'))
beforeAll(async () => {
  if (!hasRenaming) return
  await stage(directory)
  writeFileSync(join(directory, 'endless.wasm'), await wat(ENDLESS))
})
afterAll(() => remove(directory))

let server: ChildProcess | undefined
afterEach(() => {
  if (server?.exitCode === null) server.kill('SIGKILL')
})

/** The program of the page, on a port that the system chooses. */
async function serve(program = shown) {
  writeFileSync(
    join(directory, 'server.mjs'),
    program.replace(/(server\.listen\(.*)\)/, '$1, say)\nfunction say() { process.send(server.address().port) }'),
  )
  const env = { ...process.env, PORT: '0', NODE_OPTIONS: '', XDG_CACHE_HOME: join(directory, 'cache') }
  server = spawn(process.execPath, ['server.mjs'], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const printed = { text: '' }
  for (const stream of [server.stdout!, server.stderr!])
    stream.setEncoding('utf8').on('data', (text) => (printed.text += text))
  const [port] = (await Promise.race([
    once(server, 'message'),
    once(server, 'exit').then(() => Promise.reject(new Error(printed.text))),
  ])) as [number]
  const address = `http://127.0.0.1:${port}`
  const post = (body: string | Uint8Array, options: RequestInit = {}) =>
    fetch(`${address}/transform`, { method: 'POST', body: body as BodyInit, ...options })
  const metrics = async () => (await fetch(`${address}/metrics`)).text()
  return { address, post, metrics, printed }
}

/** Asks until a figure is there, for ten seconds at most. */
async function until(metrics: () => Promise<string>, line: RegExp) {
  let text = ''
  for (let turn = 0; turn < 200; turn += 1) {
    text = await metrics()
    if (line.test(text)) return
    await sleep(50)
  }
  expect(text).toMatch(line)
}

describe.skipIf(!hasRenaming)(`the program of docs/server.md${WITHOUT}`, () => {
  it('answers, says what is wrong with a request, and ends when it is told to', async () => {
    const { address, post, metrics, printed } = await serve()
    const good = await post(readFileSync(join(directory, 'params.json')))
    expect(good.status).toBe(200)
    expect(await good.json()).toMatchObject({ transformed: true, output: { formatVersion: 3 } })
    const wrong = await post('{"ir":1}')
    expect([wrong.status, await wrong.json()]).toEqual([
      422,
      { error: 'ExtensionError', message: expect.stringContaining('options.to is missing') },
    ])
    const large = await post(new Uint8Array(8_000_001))
    expect([large.status, await large.json()]).toEqual([413, { error: 'TooLarge' }])
    expect((await post('{')).status).toBe(422)
    expect((await fetch(`${address}/elsewhere`)).status).toBe(404)
    const ready = await fetch(`${address}/ready`)
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'healthy' }])
    expect(await metrics()).toMatch(/^morphir_extension_calls_total\{.*status="success"\} 1$/m)
    server!.kill('SIGTERM')
    expect(await once(server!, 'exit')).toEqual([0, null])
    expect(printed.text).not.toContain('at ')
  }, 60_000)

  it('holds nobody up: who waits too long, who is one too many, who leaves', async () => {
    const endless = shown
      .replace('./rename-package.wasm', './endless.wasm')
      .replace("maxExecutionTime: '5s'", "maxExecutionTime: '3s'")
      .replace('instances: 2', 'instances: 1')
      .replace('maxQueue: 32', 'maxQueue: 0')
    const { post, metrics } = await serve(endless)
    const slow = post('{}')
    await until(metrics, /^morphir_extension_calls_running\{.*\} 1$/m)
    const many = await post('{}')
    expect([many.status, await many.json()]).toEqual([503, { error: 'QueueFull' }])
    expect([(await slow).status, await (await slow).json()]).toEqual([504, { error: 'Timeout' }])
    const leaving = new AbortController()
    const left = post('{}', { signal: leaving.signal }).catch((error: Error) => error.name)
    await until(metrics, /^morphir_extension_calls_running\{.*\} 1$/m)
    leaving.abort()
    expect(await left).toBe('AbortError')
    await until(metrics, /code="Cancelled"\} 1$/m)
    server!.kill('SIGTERM')
    expect(await once(server!, 'exit')).toEqual([0, null])
  }, 60_000)
})
