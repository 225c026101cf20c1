import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { ExtensionConfig, ExtensionHost, FunctionContext, HostFunctions } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { wat } from './support/guest.ts'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'
import { run, runWell } from './support/child.ts'

const USER = 'extism:host/user'
const answers =
  <T>(value: T) =>
  (): T =>
    value

/** All that `fixtures/functions.wat` wants, some of it as given. */
function all(given: HostFunctions[string] = {}): HostFunctions {
  const { nudge = () => {}, ...user } = given
  const join = { text: (a: string | undefined, b: string | undefined) => `${a}${b}` }
  return { [USER]: { change: (value) => value, join, note: () => {}, now: answers(0), ...user }, other: { nudge } }
}

function loadAll(
  host: ExtensionHost,
  given: HostFunctions[string] = {},
  config: Partial<ExtensionConfig> = {},
): Promise<number> {
  return load(host, 'functions', { lifecycle: 'none', functions: all(given), ...config })
}

describe.each([
  ['on the pool', {}],
  ['on threads of the host’s own', { threads: 2 }],
])('functions, %s', (_, options) => {
  it('are called with JSON, and answer it, sync or async', async () => {
    const host = newHost(options)
    const id = await loadAll(host, {
      change: ({ n }: { n: number }) => ({ n: n + 1, text: 'ü' }),
      now: async () => {
        await sleep(1)
        return [1, 2]
      },
    })
    expect(await host.call(id, 'change', { n: 1 })).toEqual({ n: 2, text: 'ü' })
    expect(await host.call(id, 'now')).toEqual([1, 2])
  })

  it('that never answer end in Timeout at the deadline, with their signal aborted, and the thread is free again', async () => {
    const host = newHost(options)
    const signals: AbortSignal[] = []
    const never = (context: FunctionContext): Promise<never> => {
      signals.push(context.signal)
      return new Promise(() => {})
    }
    const id = await loadAll(host, { now: never }, { permissions: { maxExecutionTime: 100 } })
    const error = await rejection(host.call(id, 'now'))
    expect(error).toMatchObject({ code: 'Timeout', extension: 'functions', method: 'now' })
    expect(error.message).toContain('while it waited for the host function `extism:host/user::now`')
    expect(await host.call(id, 'change', 5)).toBe(5)
    expect(signals).toMatchObject([{ aborted: true, reason: { code: 'Timeout' } }])
  })

  it('are not called for a guest that waits no more, when this thread was too busy to hear of it', async () => {
    const host = newHost(options)
    let calls = 0
    const now = () => (calls += 1)
    const id = await loadAll(host, { now }, { permissions: { maxExecutionTime: 100 } })
    const error = rejection(host.call(id, 'now'))
    // The guest asks and is given up meanwhile, and its instance comes back.
    const until = performance.now() + 5000
    while (host.stats(id).calls === 0 && performance.now() < until);
    expect(await error).toMatchObject({ code: 'Timeout' })
    expect(calls).toBe(0)
  })

  it('hear of a cancel by their signal', async () => {
    const host = newHost(options)
    const controller = new AbortController()
    const heard = deferred()
    const id = await loadAll(host, {
      now: (context: FunctionContext) =>
        new Promise((_, reject) => {
          context.signal.addEventListener('abort', () => {
            heard.resolve(context.signal.reason)
            reject(context.signal.reason)
          })
          controller.abort(new Error('enough'))
        }),
    })
    const error = await rejection(host.call(id, 'now', undefined, { signal: controller.signal }))
    expect(error).toMatchObject({ code: 'Cancelled', cause: controller.signal.reason })
    expect(await heard.promise).toMatchObject({ code: 'Cancelled' })
  })

  it('are left behind by a close that cancels, and by an unload', async () => {
    for (const end of [
      (host: ExtensionHost) => host.close({ cancel: true }),
      (host: ExtensionHost, id: number) => host.unloadExtension(id, { cancel: true }),
    ]) {
      const host = newHost(options)
      const called = deferred()
      const id = await loadAll(host, {
        now: () => {
          called.resolve(undefined)
          return new Promise(() => {})
        },
      })
      const error = rejection(host.call(id, 'now'))
      await called.promise
      await end(host, id)
      expect(await error).toMatchObject({ code: 'Cancelled' })
    }
  })

  it('may call other extensions of their host', async () => {
    const host = newHost(options)
    const echo = await load(host, 'echo')
    const id = await loadAll(host, { change: (value: unknown) => host.call(echo, 'echo', { wrapped: value }) })
    expect(await host.call(id, 'change', 1)).toEqual({ wrapped: 1 })
  })

  it('that call their own busy instance end in Timeout, not in a deadlock', async () => {
    const host = newHost(options)
    const id: number = await loadAll(
      host,
      { change: (value: unknown) => host.call(id, 'change', value) },
      { permissions: { maxExecutionTime: 150 } },
    )
    expect(await rejection(host.call(id, 'change', 1))).toMatchObject({ code: 'Timeout' })
  })

  it('run for many calls at once, each with its own', async () => {
    const host = newHost(options)
    const id = await loadAll(
      host,
      {
        change: async (value: number) => {
          await sleep(value % 3)
          return value * 2
        },
      },
      { instances: 2 },
    )
    const numbers = Array.from({ length: 60 }, (_, number) => number)
    expect(await Promise.all(numbers.map((number) => host.call(id, 'change', number)))).toEqual(
      numbers.map((number) => number * 2),
    )
    expect(await host.callMany(id, 'change', numbers)).toEqual(numbers.map((number) => number * 2))
  })
})

describe('functions', () => {
  it('take text and bytes as they are', async () => {
    const host = newHost()
    const seen: unknown[] = []
    const bytes = Uint8Array.of(0, 255, 254, 7)
    const forBytes = await loadAll(host, {
      change: {
        bytes: (value) => {
          seen.push(value)
          return value
        },
      },
    })
    expect([...(await host.callRaw(forBytes, 'change', bytes))]).toEqual([...bytes])
    expect([...(seen[0] as Uint8Array)]).toEqual([...bytes])
    const forText = await loadAll(host, { change: { text: (value) => `${value}!` } })
    expect(new TextDecoder().decode(await host.callRaw(forText, 'change', 'grüß'))).toBe('grüß!')
    expect(new TextDecoder().decode(await host.callRaw(forText, 'join', 'ab'))).toBe('abab')
  })

  it('see nothing as undefined, and answer undefined as nothing', async () => {
    const host = newHost()
    const seen: unknown[] = []
    const id = await loadAll(host, { change: (value: unknown) => void seen.push(value), nudge: answers(1n) })
    expect(await host.callRaw(id, 'change_nothing')).toHaveLength(0)
    expect(seen).toEqual([undefined])
    // What nobody takes need not be JSON.
    await host.callRaw(id, 'nudge')
  })

  it('are told who calls them', async () => {
    const host = newHost()
    const contexts: FunctionContext[] = []
    const id = await loadAll(host, {
      now: (context: FunctionContext) => {
        contexts.push(context)
        return contexts.length
      },
      note: (_: unknown, context: FunctionContext) => void contexts.push(context),
    })
    const calls: number[] = []
    host.on('extension.call.started', ({ call }) => calls.push(call))
    await host.call(id, 'now')
    host.callSync(id, 'now')
    await host.callRaw(id, 'note', '0')
    expect(contexts.map(({ extension, id, method, call }) => ({ extension, id, method, call }))).toEqual([
      { extension: 'functions', id, method: 'now', call: calls[0] },
      { extension: 'functions', id, method: 'now', call: calls[1] },
      { extension: 'functions', id, method: 'note', call: calls[2] },
    ])
    expect(contexts.every(({ signal }) => !signal.aborted)).toBe(true)
  })

  it.each([
    ['an error', new RangeError('no such thing.'), 'no such thing'],
    ['a text', 'no such thing', 'no such thing'],
    ['nothing', undefined, 'undefined'],
    ['what has no text', Object.create(null) as object, 'it threw something that has no text'],
  ])('that throw %s break the call off, with it as the cause', async (_, thrown, words) => {
    const host = newHost()
    const fail = (): never => {
      throw thrown
    }
    const sync = await loadAll(host, { now: fail })
    const async = await loadAll(host, { now: () => Promise.reject(thrown) })
    for (const error of [
      await rejection(host.call(sync, 'now')),
      await rejection(host.call(async, 'now')),
      caught(() => host.callSync(sync, 'now')),
    ]) {
      expect(error).toMatchObject({ code: 'Trap', extension: 'functions', method: 'now' })
      expect(error.message).toBe(`The host function \`extism:host/user::now\` failed: ${words}.`)
      if (thrown !== undefined) expect(error.cause).toBe(thrown)
    }
    expect(host.stats(sync).generation).toBe(3)
    expect(await host.call(sync, 'change', 1)).toBe(1)
  })

  it('that throw in a callMany fail only the params that they throw for, each with its own error', async () => {
    const host = newHost()
    const errors = [0, 1, 2, 3].map((number) => new Error(`number ${number}`))
    const change = async (number: number) => {
      await sleep(4 - number)
      if (number % 2 === 1) throw errors[number]
      return number
    }
    const id = await loadAll(host, { change }, { instances: 2 })
    const settled = await host.callMany(id, 'change', [0, 1, 2, 3], { settled: true })
    expect(settled[0]).toEqual({ status: 'fulfilled', value: 0 })
    expect(settled[1]).toMatchObject({ reason: { code: 'Trap', cause: errors[1] } })
    expect(settled[2]).toEqual({ status: 'fulfilled', value: 2 })
    expect(settled[3]).toMatchObject({ reason: { code: 'Trap', cause: errors[3] } })
  })

  it('that throw while an extension starts fail its load, with what they threw underneath', async () => {
    const bytes = await wat(`(module (import "mine" "start" (func $start))
      (func (export "initialize") (call $start)) (func (export "capabilities")))`)
    const thrown = new Error('not today')
    const start = async (context: FunctionContext): Promise<never> => {
      expect(context).toMatchObject({ extension: 'x', method: 'initialize' })
      throw thrown
    }
    const source = { type: 'wasm', bytes } as const
    const error = await rejection(newHost().loadExtension({ name: 'x', source, functions: { mine: { start } } }))
    expect(error).toMatchObject({ code: 'InitializationFailed', extension: 'x', cause: thrown })
    expect(error.message).toContain('The host function `mine::start` failed: not today.')
  })

  it.each<[string, HostFunctions[string][string], string | Uint8Array, string]>([
    ['is handed what is not JSON', (value) => value, 'no JSON', 'handed something that is not JSON'],
    ['is handed what is not UTF-8', { text: (value) => value }, Uint8Array.of(255), 'that is not UTF-8'],
    ['answers what is not JSON', () => 1n, '1', 'BigInt'],
    ['answers a function', () => () => {}, '1', 'answered a function, which cannot be written as JSON'],
    ['answers no text', { text: () => 5 as never }, '1', 'has to answer a string'],
    ['answers no bytes', { bytes: () => ({}) as never }, '1', 'has to answer a Uint8Array or a string'],
  ])('fail where one %s', async (_, change, input, words) => {
    const host = newHost()
    const error = await rejection(host.callRaw(await loadAll(host, { change }), 'change', input))
    expect(error.code).toBe('Trap')
    expect(error.message).toContain(words)
  })

  it('answer no more than maxOutput, and take no more', async () => {
    const host = newHost()
    const change = { bytes: () => new Uint8Array(1001) }
    const id = await loadAll(host, { change }, { permissions: { maxOutput: 1000 } })
    expect(await rejection(host.callRaw(id, 'change', ''))).toMatchObject({ code: 'MemoryLimit' })
    expect(await rejection(host.callRaw(id, 'note', 'x'.repeat(1001)))).toMatchObject({ code: 'MemoryLimit' })
  })

  it('of the host are offered to every extension, and those of an extension come first', async () => {
    const host = newHost({ functions: all({ now: answers('host') }) })
    const plain = await load(host, 'functions', { lifecycle: 'none' })
    const own = await load(host, 'functions', {
      lifecycle: 'none',
      functions: { [USER]: { now: answers('extension') } },
    })
    expect(await host.call(plain, 'now')).toBe('host')
    expect(await host.call(own, 'now')).toBe('extension')
    await host.reload(own)
    expect(await host.call(own, 'now')).toBe('extension')
  })

  it('that nobody offers are named, with what to do', async () => {
    const error = await rejection(load(newHost(), 'functions', { lifecycle: 'none' }))
    expect(error).toMatchObject({ code: 'InvalidSource', extension: 'functions' })
    expect(error.message).toContain('extism:host/user::change as (i64) -> (i64)')
    expect(error.message).toContain('with `functions`, as in { "extism:host/user": { "change": … } }')
  })

  it.each([
    ['functions', 5],
    ['functions["a"]', { a: () => {} }],
    ['functions["a"]["b"]', { a: { b: 5 } }],
    ['functions["a"]["b"]', { a: { b: { json: 5 } } }],
    ['functions["a"]["b"]', { a: { b: { yaml: () => {} } } }],
    ['functions["a"]["b"]', { a: { b: { json: () => {}, text: () => {} } } }],
  ])('of the wrong type are a TypeError that names %s', async (name, functions) => {
    const given = { functions } as unknown as { functions: HostFunctions }
    const error = await rejection(load(newHost(), 'echo', given))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain(`${name} must be`)
    expect(() => newHost(given)).toThrow(`${name} must be`)
  })

  it('in a namespace of the host’s own are refused', async () => {
    const functions = { 'extism:host/env': { http_request: () => {} } }
    const error = await rejection(load(newHost(), 'echo', { functions }))
    expect(error).toMatchObject({ code: 'InvalidConfig' })
    expect(error.message).toContain('extism:host/env')
    expect(caught(() => newHost({ functions }))).toMatchObject({ code: 'InvalidConfig' })
  })
})

describe('functions during callSync', () => {
  it('run on the very thread, as often as the guest wants', async () => {
    const host = newHost()
    let count = 0
    const id = await loadAll(host, {
      change: (value: number) => value + 1,
      nudge: () => {
        count += 1
      },
    })
    expect(host.callSync(id, 'change', 1)).toBe(2)
    expect(caught(() => host.callSync(id, 'nudge_often'))).toMatchObject({ code: 'SerializationError' })
    expect(count).toBe(10_000)
  })

  it('that answer a promise are an error that says so', async () => {
    const host = newHost()
    const id = await loadAll(host, { now: () => Promise.reject(new Error('ignored')) })
    const error = caught(() => host.callSync(id, 'now'))
    expect(error.code).toBe('Trap')
    expect(error.message).toContain('answers a promise, and during callSync nothing can wait for one: use call')
    expect(await host.call(id, 'change', 1)).toBe(1)
  })

  it('may call other extensions, with callSync', async () => {
    const host = newHost()
    const echo = await load(host, 'echo')
    const id = await loadAll(host, { change: (value: unknown) => host.callSync(echo, 'echo', { wrapped: value }) })
    expect(host.callSync(id, 'change', 1)).toEqual({ wrapped: 1 })
  })

  it('that call their own busy instance end in Timeout', async () => {
    const host = newHost()
    const id: number = await loadAll(
      host,
      { change: (value: unknown) => host.callSync(id, 'change', value) },
      { permissions: { maxExecutionTime: 150 } },
    )
    const error = caught(() => host.callSync(id, 'change', 1))
    expect(error.code).toBe('Timeout')
    expect(await host.call(id, 'now')).toBe(0)
  })

  it('may close their host, and what was going on ends well', async () => {
    const host = newHost({ threads: 1 })
    let closed
    const id = await loadAll(host, {
      now: () => {
        closed = host.close()
        return 'closing'
      },
    })
    expect(host.callSync(id, 'now')).toBe('closing')
    await closed
    expect(await rejection(host.call(id, 'now'))).toMatchObject({ code: 'Closed' })
  })

  it('count against the deadline', async () => {
    const host = newHost()
    const slow = () => {
      const until = performance.now() + 200
      while (performance.now() < until);
      return 1
    }
    const id = await loadAll(host, { now: slow }, { permissions: { maxExecutionTime: 100 } })
    expect(caught(() => host.callSync(id, 'now'))).toMatchObject({ code: 'Timeout' })
    expect(await host.call(id, 'change', 1)).toBe(1)
  })
})

/** A function that is called, and a host whose guest waits for it. */
const WAITS = `
  let called
  const isCalled = new Promise((resolve) => (called = resolve))
  const nothing = () => {}
  const user = { change: nothing, join: nothing, note: nothing, now: () => new Promise(called) }
  const functions = { 'extism:host/user': user, other: { nudge: nothing } }
  const permissions = { maxExecutionTime: 5000 }
  const loadIt = (host) => load(host, 'functions', { lifecycle: 'none', functions, permissions })
`

describe.each([
  ['libuv’s pool', '{}'],
  ['threads of its own', '{ threads: 2 }'],
])('functions of a host on %s', (_, options) => {
  const guests = ['functions']

  it('do not keep a process that has nothing else to do', async () => {
    await runWell(`${WAITS}; const id = await loadIt(newHost(${options}))`, { guests })
  })

  it('keep a process for as long as a guest waits for one', async () => {
    const printed = await runWell(
      `${WAITS}
      user.now = () => new Promise((resolve) => setTimeout(() => resolve('done'), 100).unref())
      const host = newHost(${options})
      const id = await loadIt(host)
      host.call(id, 'now').then(print)`,
      { guests },
    )
    expect(printed).toEqual(['done'])
  })

  it('do not keep their host in memory', async () => {
    const printed = await runWell(
      `${WAITS}
      const made = []
      for (let n = 0; n < 20; n += 1) made.push(new WeakRef(new ExtensionHost({ cacheDir: false, functions })))
      await until(() => (gc(), made.filter((host) => host.deref() === undefined).length >= 18))
      print(true)`,
      { guests, nodeArgs: ['--expose-gc'] },
    )
    expect(printed).toEqual([true])
  })

  it('do not hold process.exit up', async () => {
    const child = await run(
      `${WAITS}
      const host = newHost(${options})
      const id = await loadIt(host)
      host.call(id, 'now').catch(() => {})
      await isCalled
      mark()
      process.exit(7)`,
      { guests },
    )
    expect(child).toMatchObject({ code: 7, stderr: '' })
    expect(child.sinceMark).toBeLessThan(3000)
  })

  it('fail or end in Timeout when their worker is terminated, and the process lives on', async () => {
    const printed = await runWell(
      `const code = ${JSON.stringify(`${WAITS}; (async () => {
        permissions.maxExecutionTime = 500
        const host = newHost(${options})
        const id = await loadIt(host)
        host.call(id, 'now').catch(() => {})
        await isCalled
        parentPort.postMessage('waits')
      })()`)}
      const thread = worker(code)
      await new Promise((resolve) => thread.once('message', resolve))
      await thread.terminate()
      ${WAITS}
      user.now = () => 'well'
      const host = newHost(${options})
      print(await host.call(await loadIt(host), 'now'))`,
      { guests },
    )
    expect(printed).toEqual(['well'])
  })
})

function deferred() {
  let resolve!: (value: unknown) => void
  const promise = new Promise((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
