import { describe, expect, it } from 'vitest'
import type { ExtensionHost, LogLevel, LogRecord } from '@finos/morphir-extension-host'
import { run, runWell } from './support/child.ts'
import { wat } from './support/guest.ts'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

/** A host that keeps what is logged, and an extension whose start has been logged already. */
async function logging(logLevel?: LogLevel): Promise<{ host: ExtensionHost; id: number; log: LogRecord[] }> {
  const log: LogRecord[] = []
  const host = newHost({ onLog: (record) => log.push(record), logLevel })
  const id = await load(host, 'logger')
  log.length = 0
  return { host, id, log }
}

describe('onLog', () => {
  it('receives level, message, extension, id and method', async () => {
    const { host, id, log } = await logging()
    await host.callRaw(id, 'every_level')
    expect(log).toEqual([
      { level: 'info', message: 'the news', extension: 'logger', id, method: 'every_level' },
      { level: 'warn', message: 'an oddity', extension: 'logger', id, method: 'every_level' },
      { level: 'error', message: 'a failure', extension: 'logger', id, method: 'every_level' },
    ])
  })

  it.each<[LogLevel | undefined, string[]]>([
    ['trace', ['a step', 'a detail', 'the news', 'an oddity', 'a failure']],
    ['debug', ['a detail', 'the news', 'an oddity', 'a failure']],
    ['info', ['the news', 'an oddity', 'a failure']],
    [undefined, ['the news', 'an oddity', 'a failure']],
    ['warn', ['an oddity', 'a failure']],
    ['error', ['a failure']],
  ])('at level %s receives %j', async (level, messages) => {
    const { host, id, log } = await logging(level)
    await host.callRaw(id, 'every_level')
    expect(log.map(({ message }) => message)).toEqual(messages)
  })

  it.each<[LogLevel, number]>([
    ['trace', 0],
    ['debug', 1],
    ['info', 2],
    ['warn', 3],
    ['error', 4],
  ])('at level %s tells the extension that number, so that it need not log in vain', async (level, number) => {
    const { host, id } = await logging(level)
    expect(await host.call(id, 'level')).toBe(number)
  })

  it('that is missing, without a logLevel, tells the extension not to log', async () => {
    const host = newHost()
    const id = await load(host, 'logger')
    // More than any level there is.
    expect(await host.call(id, 'level')).toBe(9)
    expect(await host.callRaw(id, 'every_level')).toHaveLength(0)
  })

  it('receives what is logged during a load, with the id where there will be one, and no method', async () => {
    const log: LogRecord[] = []
    const host = newHost({ onLog: (record) => log.push(record) })
    const id = await load(host, 'logger', { instances: 2 })
    const record = { level: 'info', message: 'starting', extension: 'logger', id }
    expect(log).toEqual([record, record])

    log.length = 0
    const failing = await wat(`(module
      (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
      (import "extism:host/env" "log_warn" (func $log (param i64)))
      (func (export "initialize") (result i32) (call $log (call $alloc (i64.const 1))) (i32.const 1))
      (func (export "capabilities") (result i32) (i32.const 0)))`)
    await rejection(loadPlain(host, failing, { lifecycle: 'morphir' }))
    expect(log).toEqual([{ level: 'warn', message: '\0', extension: 'inline' }])
  })

  it.each([
    ['answers', 'every_level'],
    ['answers an error', 'fail'],
    ['breaks', 'trap'],
    ['runs out of time', 'loop'],
  ])('receives everything before the call settles, also when it %s', async (_, method) => {
    const { host, id, log } = await logging()
    let atSettling: number | undefined
    const settled = () => (atSettling = log.length)
    await host.callRaw(id, method, '', { timeout: 1000 }).then(settled, settled)
    expect(log.length).toBeGreaterThan(0)
    expect(atSettling).toBe(log.length)
    if (method !== 'every_level')
      expect(log.at(-1)).toMatchObject({ level: 'error', message: 'the log names the culprit', method })
  })

  it('receives messages in the order in which they were logged, call by call', async () => {
    const { host, id, log } = await logging('trace')
    await Promise.all([host.callRaw(id, 'every_level'), host.callRaw(id, 'not_utf8'), host.callRaw(id, 'every_level')])
    expect(log.map(({ method }) => method)).toEqual([
      ...Array(5).fill('every_level'),
      'not_utf8',
      ...Array(5).fill('every_level'),
    ])
  })

  it('knows which extension logged', async () => {
    const log: LogRecord[] = []
    const host = newHost({ onLog: (record) => log.push(record) })
    const [one, other] = [await load(host, 'logger', { name: 'one' }), await load(host, 'logger', { name: 'other' })]
    log.length = 0
    await Promise.all([one, other, one].map((id) => rejection(host.call(id, 'fail'))))
    expect(log.map(({ extension, id }) => `${extension} ${id}`).toSorted()).toEqual([
      `one ${one}`,
      `one ${one}`,
      `other ${other}`,
    ])
  })

  it('cuts a message at 8 KiB', async () => {
    const { host, id, log } = await logging()
    await host.callRaw(id, 'long')
    expect(log).toHaveLength(1)
    expect(log[0]!.message).toBe('x'.repeat(8192))
  })

  it('receives at most 1,000 messages and 256 KiB from one call, and how many more there were', async () => {
    const { host, id, log } = await logging()
    await host.callRaw(id, 'many')
    expect(log).toHaveLength(1001)
    expect(log.at(-1)).toMatchObject({ level: 'warn', message: expect.stringContaining('1000 more') })
    log.length = 0
    await host.callRaw(id, 'many_long')
    expect(log).toHaveLength(33)
    expect(log.slice(0, 32).reduce((sum, { message }) => sum + message.length, 0)).toBe(256 * 1024)
    expect(log.at(-1)).toMatchObject({ level: 'warn', message: expect.stringContaining('68 more') })
    // Each call begins anew.
    log.length = 0
    await host.callRaw(id, 'every_level')
    expect(log).toHaveLength(3)
  })

  it('receives bytes that are no text with a replacement', async () => {
    const { host, id, log } = await logging()
    await host.callRaw(id, 'not_utf8')
    expect(log[0]!.message).toBe('before \uFFFD after')
  })

  it('receives what is printed, line by line: standard output as info, standard error as warn', async () => {
    const printing = await wat(`(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      ;; A vector at 0: its text from 64 on, and how long that is.
      (data (i32.const 64) "first line\\nsecond line\\nno end")
      (func $print (param $where i32) (param $length i32)
        (i32.store (i32.const 0) (i32.const 64))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $fd_write (local.get $where) (i32.const 0) (i32.const 1) (i32.const 16))))
      (func (export "print")
        (call $print (i32.const 1) (i32.const 29))
        (call $print (i32.const 2) (i32.const 10))))`)
    const log: LogRecord[] = []
    const host = newHost({ onLog: (record) => log.push(record) })
    const id = await loadPlain(host, printing)
    await host.callRaw(id, 'print')
    const record = { extension: 'inline', id, method: 'print' }
    expect(log).toEqual(
      expect.arrayContaining([
        { level: 'info', message: 'first line', ...record },
        { level: 'info', message: 'second line', ...record },
        { level: 'info', message: 'no end', ...record },
        { level: 'warn', message: 'first line', ...record },
      ]),
    )
    expect(log).toHaveLength(4)
  })

  it('may call the host itself', async () => {
    const answers: Promise<unknown>[] = []
    const host = newHost({
      onLog: ({ message, id }) => {
        if (message !== 'the news') return
        answers.push(host.call(id!, 'level'), host.unloadExtension(id!))
      },
    })
    const id = await load(host, 'logger')
    expect(await host.callRaw(id, 'every_level')).toHaveLength(0)
    expect(await Promise.all(answers)).toEqual([2, undefined])
    expect(host.list()).toEqual([])
  })
})

describe('a listener that throws', () => {
  it('keeps no call from settling: its error is uncaught, as in any listener', async () => {
    const printed = await runWell(
      `process.on('uncaughtException', (error) => print('uncaught: ' + error.message))
       const host = newHost({ onLog: ({ message }) => { throw new Error(message) } })
       const id = await load(host, 'logger')
       print((await host.callRaw(id, 'every_level')).length)
       print(await host.call(id, 'fail').catch((error) => error.code))`,
      { guests: ['logger'] },
    )
    expect(printed.filter((line) => String(line).startsWith('uncaught'))).toEqual([
      'uncaught: starting',
      'uncaught: the news',
      'uncaught: an oddity',
      'uncaught: a failure',
      'uncaught: the log names the culprit',
    ])
    expect(printed.filter((line) => !String(line).startsWith('uncaught'))).toEqual([0, 'ExtensionError'])
  })

  it('ends a process that does not catch it, with its stack', async () => {
    const { code, stderr } = await run(
      `const host = newHost({ onLog: function listener() { throw new Error('a mistake in a listener') } })
       await load(host, 'logger')
       await sleep(1000)`,
      { guests: ['logger'] },
    )
    expect(code).toBe(1)
    expect(stderr).toContain('Error: a mistake in a listener')
    expect(stderr).toContain('listener')
  })
})
