import { describe, expect, it } from 'vitest'
import { run, runWell, type Child } from './support/child.ts'
import { file, wat } from './support/guest.ts'

/** Three calls that run for ever, and many that wait. */
const ENDLESS = `
  const host = newHost(options)
  const id = await load(host, 'counter', { instances: 4 })
  for (let index = 0; index < 50; index += 1) host.call(id, 'loop').catch(() => {})
  await until(() => host.stats(id).running >= 2)
  await sleep(30)
`

/** On libuv's pool, and on threads of the host's own. */
const LENDERS: [string, string][] = [
  ["libuv's pool", '{}'],
  ['threads of its own', '{ threads: 2 }'],
]

const median = (numbers: number[]) => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)]!

describe.each(LENDERS)('a process with a host on %s', (_, options) => {
  const script = (text: string) => `const options = ${options}\n${text}`

  it('ends by itself with idle extensions, which nobody closed', async () => {
    const printed = await runWell(
      script(`const host = newHost(options)
        const ids = await Promise.all([load(host, 'counter', { instances: 3 }), load(host, 'counter')])
        const { signal } = new AbortController()
        print(await Promise.all(ids.map((id) => host.call(id, 'count', null, { signal, timeout: 60_000 }))))
        await host.call(ids[0], 'trap').catch((error) => print(error.code))`),
    )
    expect(printed).toEqual([[101, 101], 'Trap'])
  })

  it('ends by itself with a host that did nothing', async () => {
    await runWell(script('newHost(options)'))
  })

  it('ends by itself after close', async () => {
    await runWell(
      script(`const host = newHost(options)
        await load(host, 'counter')
        await host.close()`),
    )
  })

  it('stays for calls that nobody awaits, running and waiting', async () => {
    const printed = await runWell(
      script(`const host = newHost(options)
        const id = await load(host, 'clock')
        for (const time of [300, 50, 50]) host.call(id, 'spin', time).then(() => print(time))`),
      { guests: ['clock'] },
    )
    expect(printed).toEqual([300, 50, 50])
  })

  it('stays for a call whose host nobody keeps, garbage collection or not', async () => {
    const printed = await runWell(
      script(`let host = newHost(options)
        const id = await load(host, 'clock')
        const calls = [host.call(id, 'spin', 300), host.call(id, 'spin', 10)]
        host = undefined
        for (let round = 0; round < 10; round += 1) { gc(); await sleep(10) }
        print((await Promise.all(calls)).length)`),
      { guests: ['clock'], nodeArgs: ['--expose-gc'] },
    )
    expect(printed).toEqual([2])
  })

  it('ends with its code at process.exit() while endless calls run: 20 times', { timeout: 120_000 }, async () => {
    const times: number[] = []
    for (let round = 0; round < 20; round += 1) {
      const { code, signal, stderr, sinceMark } = await run(script(`${ENDLESS} mark(); process.exit(3)`))
      expect({ code, signal, stderr }).toEqual({ code: 3, signal: null, stderr: '' })
      times.push(sinceMark)
    }
    console.info(
      `process.exit() on ${_}: ${median(times).toFixed(0)} ms median of 20, ${Math.max(...times).toFixed(0)} at most`,
    )
    expect(median(times)).toBeLessThan(500)
    // Each call was granted 30 seconds: whatever waits for one takes that long.
    expect(Math.max(...times)).toBeLessThan(5000)
  })

  it('ends with code 1 and its error when one is thrown while endless calls run', async () => {
    const { code, stderr, sinceMark } = await run(
      script(`${ENDLESS} mark(); setImmediate(() => { throw new Error('a mistake') })`),
    )
    expect(code).toBe(1)
    expect(stderr).toContain('Error: a mistake')
    expect(sinceMark).toBeLessThan(5000)
  })

  it('ends with code 1 for a rejection that nobody handles', async () => {
    const { code, stderr } = await run(script(`${ENDLESS} host.call(id, 'no such method')`))
    expect(code).toBe(1)
    expect(stderr).toContain('MethodNotFound')
  })

  it('ends at process.exit() in a listener of the log, and in one of the signal', async () => {
    for (const text of [
      `const host = newHost({ ...options, onLog: () => process.exit(3) })
       await load(host, 'logger')`,
      `const host = newHost(options)
       const id = await load(host, 'logger')
       const controller = new AbortController()
       controller.signal.addEventListener('abort', () => process.exit(3))
       host.call(id, 'loop', undefined, { signal: controller.signal }).catch(() => {})
       await sleep(20)
       controller.abort()`,
    ]) {
      expect(await run(script(text), { guests: ['logger'] })).toMatchObject({ code: 3, stderr: '' })
    }
  })

  it('ends at process.exit() while it loads, even while it compiles', async () => {
    // Compiling this takes a second or so.
    const path = file('large', await large(3000))
    for (const wait of [0, 5, 50, 200]) {
      const { code, signal, sinceMark } = await run(
        script(`const host = newHost({ ...options, cacheDir: false })
          host.loadExtension({ name: 'large', source: { type: 'wasm', path: ${JSON.stringify(path)} }, lifecycle: 'none' }).catch(() => {})
          host.loadExtension({ name: 'endless', source: { type: 'wasm', path: process.env.GUEST_lifecycle }, config: { do: 'l' } }).catch(() => {})
          await sleep(${wait})
          mark()
          process.exit(3)`),
        { guests: ['lifecycle'] },
      )
      expect({ code, signal }).toEqual({ code: 3, signal: null })
      expect(sinceMark).toBeLessThan(10_000)
    }
  })

  it.skipIf(process.platform === 'win32')('ends by a signal while endless calls run (Windows has none)', async () => {
    const ended = await run(script(`${ENDLESS} mark(); await sleep(60_000)`), {
      onMark: (pid) => process.kill(pid, 'SIGTERM'),
    })
    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' })
    expect(ended.sinceMark).toBeLessThan(5000)
  })

  it('rejects nothing behind the back of who awaits', async () => {
    const printed = await runWell(
      script(`const host = newHost(options)
        const id = await load(host, 'counter', { instances: 3 })
        const controller = new AbortController()
        const { signal } = controller
        const codes = []
        const note = (error) => codes.push(error.code)
        const calls = [
          host.callMany(id, 'loop', [1, 2, 3, 4, 5], { signal }).catch(note),
          host.callMany(id, 'trap', [1, 2, 3, 4, 5]).catch(note),
          host.callMany(id, 'no such method', [1, 2, 3]).catch(note),
          host.call(id, 'loop', null, { signal, timeout: 50 }).catch(note),
        ]
        await sleep(100)
        controller.abort()
        await Promise.all(calls)
        const loading = load(host, 'counter').catch(note)
        await host.close({ cancel: true })
        await loading
        print(codes.sort())`),
    )
    expect(printed).toEqual([['Cancelled', 'Cancelled', 'MethodNotFound', 'Timeout', 'Trap']])
  })
})

describe('a host inside a worker alone', () => {
  const ended = ({ code, signal, stderr, printed }: Child) => ({ code, signal, stderr, printed })

  it.each(LENDERS)(
    'leaves no crash when the worker ends, idle, again and again (%s)',
    { timeout: 60_000 },
    async (_, options) => {
      const child = await run(`
      const code = \`(async () => {
        const host = newHost(${options})
        const id = await load(host, 'counter')
        parentPort.postMessage(await host.call(id, 'count'))
      })()\`
      for (let round = 0; round < 20; round += 1) {
        const thread = worker(code)
        thread.once('message', print)
        print(await ended(thread))
      }
      await sleep(100)
    `)
      expect(ended(child)).toEqual({
        code: 0,
        signal: null,
        stderr: '',
        printed: Array.from({ length: 20 }, () => [101, 0]).flat(),
      })
    },
  )

  it.each(LENDERS)(
    'leaves no crash when the worker calls process.exit() with calls in flight (%s)',
    { timeout: 60_000 },
    async (_, options) => {
      const child = await run(`
      const code = \`(async () => {
        const options = ${options}
        ${ENDLESS}
        process.exit(3)
      })()\`
      for (let round = 0; round < 10; round += 1) print(await ended(worker(code)))
      await sleep(100)
    `)
      expect(ended(child)).toEqual({ code: 0, signal: null, stderr: '', printed: Array(10).fill(3) })
    },
  )

  it.each(LENDERS)(
    'leaves no crash when the worker is terminated with calls in flight (%s)',
    { timeout: 60_000 },
    async (_, options) => {
      const child = await run(`
      const code = \`(async () => {
        const host = newHost(${options})
        const id = await load(host, 'counter', { instances: 2 })
        for (let index = 0; index < 10; index += 1) host.call(id, 'loop').catch(() => {})
        await until(() => host.stats(id).running > 0)
        await sleep(10)
        parentPort.postMessage('running')
      })()\`
      for (let round = 0; round < 4; round += 1) {
        const thread = worker(code)
        await new Promise((resolve) => thread.once('message', resolve))
        const end = ended(thread)
        await thread.terminate()
        print(await end)
      }
      await sleep(100)
    `)
      expect(ended(child)).toEqual({ code: 0, signal: null, stderr: '', printed: Array(4).fill(1) })
    },
  )

  it.each(LENDERS)('is terminated at once, whatever runs on %s', async (_, options) => {
    const [elapsed] = (await runWell(`
      const code = \`(async () => {
        const host = newHost(${options})
        const id = await load(host, 'counter', { instances: 2 })
        host.call(id, 'loop').catch(() => {})
        host.callMany(id, 'loop', Array(100).fill({})).catch(() => {})
        await until(() => host.stats(id).running === 2)
        await sleep(10)
        parentPort.postMessage('running')
      })()\`
      const thread = worker(code)
      await new Promise((resolve) => thread.once('message', resolve))
      const since = performance.now()
      await thread.terminate()
      print(performance.now() - since)
    `)) as [number]
    // Each call was granted 30 seconds.
    expect(elapsed).toBeLessThan(5000)
  })

  it('gives its slots back: the main thread can use them all afterwards', async () => {
    const [most] = await runWell(`
      const code = \`(async () => {
        const options = {}
        ${ENDLESS}
        process.exit(0)
      })()\`
      for (let round = 0; round < 5; round += 1) await ended(worker(code))
      const host = newHost()
      const id = await load(host, 'counter', { instances: 4 })
      for (let index = 0; index < 4; index += 1) host.call(id, 'loop').catch(() => {})
      await sleep(200)
      print(host.stats(id).running)
      process.exit(0)
    `)
    expect(most).toBe(3)
  })
})

/** A module with many functions, each of some work to compile. */
function large(functions: number): Promise<Uint8Array> {
  const body = Array.from(
    { length: 30 },
    (_, index) =>
      `(local.set $x (i64.add (i64.mul (local.get $x) (i64.const ${index + 3})) (i64.rotl (local.get $x) (i64.const ${index}))))`,
  ).join('\n')
  const text = Array.from(
    { length: functions },
    (_, index) => `(func $f${index} (param $x i64) (result i64) ${body} (local.get $x))`,
  )
  return wat(`(module ${text.join('\n')} (func (export "run")))`)
}
