import { inspect } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ExtensionError, type ErrorCode, type ExtensionHost } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { temporaryDirectory } from './support/directory.ts'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

interface Case {
  what: string
  /** Makes the error. */
  make: (host: ExtensionHost) => Promise<ExtensionError>
  message: RegExp
  extension?: string
  method?: string
  cause?: unknown
}

const call = async (host: ExtensionHost, method: string, params?: unknown) =>
  rejection(
    host.call(
      await load(host, 'counter', { permissions: { maxExecutionTime: 200, maxMemory: '4MiB' } }),
      method,
      params,
    ),
  )

/** Every code that can come about today. `QueueFull` is not among them: queues have no limit yet. */
const cases: Record<Exclude<ErrorCode, 'QueueFull'>, Case[]> = {
  NotFound: [
    {
      what: 'a call of what was never loaded',
      make: (host) => rejection(host.call(7, 'count')),
      message: /\b7\b/,
      method: 'count',
    },
    {
      what: 'a call of what was unloaded',
      make: async (host) => {
        const id = await load(host, 'counter')
        await host.unloadExtension(id)
        return rejection(host.call(id, 'count'))
      },
      message: /not loaded any more/,
      method: 'count',
    },
  ],
  InvalidSource: [
    {
      what: 'a source of another type',
      make: (host) => rejection(host.loadExtension({ name: 'odd', source: { type: 'jar' as never, path: 'x' } })),
      message: /"jar".*"wasm"/,
      extension: 'odd',
    },
    {
      what: 'bytes that are no module',
      make: (host) =>
        rejection(host.loadExtension({ name: 'odd', source: { type: 'wasm', bytes: Uint8Array.of(1, 2, 3) } })),
      message: /not WebAssembly/,
      extension: 'odd',
    },
  ],
  InitializationFailed: [
    {
      what: 'an initialize that answers an error',
      make: (host) => rejection(load(host, 'lifecycle', { config: { do: 'e' } })),
      message: /initialize.*I do not want to start\./,
      extension: 'lifecycle',
      method: 'initialize',
      cause: expect.objectContaining({ message: 'I do not want to start.' }),
    },
    {
      what: 'an extension that cannot be started anew after a fault',
      make: async (host) => {
        const { id, until } = await expiring(host)
        await rejection(host.call(id, 'trap'))
        await sleep(Math.max(until - Date.now(), 0) + 50)
        return rejection(host.call(id, 'run'))
      },
      message: /too late/,
      extension: 'expiring',
      method: 'initialize',
      cause: expect.objectContaining({ message: 'too late' }),
    },
  ],
  MethodNotFound: [
    {
      what: 'a method there is not',
      make: (host) => call(host, 'recount'),
      message: /`recount`.*count/,
      extension: 'counter',
      method: 'recount',
    },
  ],
  ExtensionError: [
    {
      what: 'an error of the extension',
      make: (host) => call(host, 'fail'),
      message: /^The counter does not like this\.$/,
      extension: 'counter',
      method: 'fail',
    },
    {
      what: 'an error without a word',
      make: (host) => call(host, 'code'),
      message: /\b7\b/,
      extension: 'counter',
      method: 'code',
    },
  ],
  ProtocolError: [
    {
      what: 'an answer that is not UTF-8',
      make: async (host) => rejection(host.call(await load(host, 'echo'), 'not_utf8')),
      message: /UTF-8.*\b6\b/,
      extension: 'echo',
      method: 'not_utf8',
    },
  ],
  SerializationError: [
    {
      what: 'params that are no JSON',
      make: (host) => call(host, 'count', 1n),
      message: /BigInt/,
      extension: 'counter',
      method: 'count',
      cause: expect.any(TypeError),
    },
    {
      what: 'params that contain themselves',
      make: (host) => {
        const params: { self?: unknown } = {}
        params.self = params
        return call(host, 'count', params)
      },
      message: /circular/,
      extension: 'counter',
      method: 'count',
      cause: expect.any(TypeError),
    },
    {
      what: 'params that are a function',
      make: (host) => call(host, 'count', () => {}),
      message: /function/,
      extension: 'counter',
      method: 'count',
    },
    {
      what: 'params that are a symbol',
      make: (host) => call(host, 'count', Symbol('x')),
      message: /symbol/,
      extension: 'counter',
      method: 'count',
    },
    {
      what: 'an answer that is nothing',
      make: async (host) => rejection(host.call(await load(host, 'echo'), 'nothing')),
      message: /nothing.*callRaw/,
      extension: 'echo',
      method: 'nothing',
      cause: expect.any(SyntaxError),
    },
  ],
  IoError: [
    {
      what: 'a file that is not there',
      make: (host) =>
        rejection(host.loadExtension({ name: 'lost', source: { type: 'wasm', path: '/nowhere/lost.wasm' } })),
      message: /\/nowhere\/lost\.wasm/,
      extension: 'lost',
      cause: expect.any(Error),
    },
    {
      what: 'a cache directory that cannot be made',
      make: async () => {
        const file = join(temporaryDirectory(), 'file')
        writeFileSync(file, '')
        return caught(() => newHost({ cacheDir: join(file, 'cache') }))
      },
      message: /file\/cache/,
    },
  ],
  Timeout: [
    {
      what: 'an endless call',
      make: (host) => call(host, 'loop'),
      message: /maxExecutionTime/,
      extension: 'counter',
      method: 'loop',
    },
    {
      what: 'an endless start-up',
      make: (host) =>
        rejection(load(host, 'lifecycle', { config: { do: 'l' }, permissions: { maxExecutionTime: 100 } })),
      message: /maxExecutionTime/,
      extension: 'lifecycle',
      method: 'initialize',
    },
  ],
  Cancelled: [
    {
      what: 'an aborted call',
      make: async (host) =>
        rejection(host.call(await load(host, 'counter'), 'loop', 1, { signal: AbortSignal.timeout(50) })),
      message: /cancelled/,
      extension: 'counter',
      method: 'loop',
      cause: expect.objectContaining({ name: 'TimeoutError' }),
    },
    {
      what: 'an extension that is unloaded with cancel',
      make: async (host) => {
        const id = await load(host, 'counter')
        const error = rejection(host.call(id, 'loop'))
        await host.unloadExtension(id, { cancel: true })
        return error
      },
      message: /cancelled/,
      extension: 'counter',
      method: 'loop',
    },
  ],
  MemoryLimit: [
    {
      what: 'a call that hoards memory',
      make: (host) => call(host, 'hoard'),
      message: /maxMemory/,
      extension: 'counter',
      method: 'hoard',
    },
  ],
  FuelExhausted: [
    {
      what: 'a call that runs on and on',
      make: async (host) =>
        rejection(host.call(await load(host, 'counter', { permissions: { maxFuel: 1_000_000 } }), 'loop')),
      message: /maxFuel/,
      extension: 'counter',
      method: 'loop',
    },
  ],
  Trap: [
    {
      what: 'unreachable',
      make: (host) => call(host, 'trap'),
      message: /unreachable/,
      extension: 'counter',
      method: 'trap',
    },
    {
      what: 'a division by zero',
      make: (host) => call(host, 'divide'),
      message: /divide by zero/,
      extension: 'counter',
      method: 'divide',
    },
    {
      what: 'an access out of bounds',
      make: (host) => call(host, 'out_of_bounds'),
      message: /out of bounds/,
      extension: 'counter',
      method: 'out_of_bounds',
    },
    {
      what: 'a stack overflow',
      make: (host) => call(host, 'overflow'),
      message: /stack exhausted.*overflow/,
      extension: 'counter',
      method: 'overflow',
    },
    {
      what: 'a trap after an error text, which does not count then',
      make: (host) => call(host, 'fail_and_trap'),
      message: /unreachable/,
      extension: 'counter',
      method: 'fail_and_trap',
    },
  ],
  InvalidConfig: [
    {
      what: 'a permission that is out of range',
      make: (host) => rejection(load(host, 'counter', { permissions: { maxMemory: 5 } })),
      message: /max_memory/,
      extension: 'counter',
    },
  ],
  Closed: [
    {
      what: 'a load after close',
      make: async (host) => {
        await host.close()
        return rejection(load(host, 'counter'))
      },
      message: /closed/,
      extension: 'counter',
    },
    {
      what: 'a call after close',
      make: async (host) => {
        await host.close()
        return rejection(host.call(1, 'count'))
      },
      message: /closed/,
      method: 'count',
    },
  ],
}

/** An extension that starts now, and not any more in a moment: the moment is as long as a busy machine needs for the start. */
async function expiring(host: ExtensionHost): Promise<{ id: number; until: number }> {
  let failure: unknown
  for (let moment = 250; moment <= 4000; moment *= 2) {
    const until = Date.now() + moment
    try {
      return { id: await load(host, 'expiring', { config: { until } }), until }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

describe.each(Object.entries(cases))('%s', (code, list) => {
  it.each(list)('is what $what rejects with', async ({ make, message, extension, method, cause }) => {
    const error = await make(newHost())
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(ExtensionError)
    expect(error.name).toBe('ExtensionError')
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error.extension).toBe(extension)
    expect(error.method).toBe(method)
    expect(error.index).toBe(undefined)
    if (cause === undefined) expect(error.cause).toBe(undefined)
    else expect(error.cause).toEqual(cause)
  })
})

describe('an ExtensionError', () => {
  const failed = async () => call(newHost(), 'fail')

  it('prints its name once, its message, and all it knows', async () => {
    const printed = inspect(await failed())
    expect(printed).toMatch(/^ExtensionError: The counter does not like this\.\n {4}at /)
    expect(printed).toContain("code: 'ExtensionError'")
    expect(printed).toContain("extension: 'counter'")
    expect(printed).toContain("method: 'fail'")
    expect(printed.match(/name:/)).toBe(null)
    expect(String(await failed())).toBe('ExtensionError: The counter does not like this.')
  })

  it('has no entries for what it does not know', async () => {
    const error = await rejection(newHost().call(7, 'count'))
    expect(Object.keys(error).toSorted()).toEqual(['code', 'method'])
    expect('cause' in error).toBe(false)
  })

  it('prints what is underneath', async () => {
    expect(inspect(await rejection(load(newHost(), 'lifecycle', { config: { do: 'e' } })))).toMatch(
      /\[cause\]: Error: I do not want to start\./,
    )
  })

  it('can be written as JSON', async () => {
    expect(JSON.parse(JSON.stringify(await failed()))).toEqual({
      code: 'ExtensionError',
      extension: 'counter',
      method: 'fail',
    })
  })

  it('can be cloned for another thread: as an Error with its message and its cause', async () => {
    const error = await rejection(load(newHost(), 'lifecycle', { config: { do: 'e' } }))
    const clone = structuredClone(error)
    expect(clone).toBeInstanceOf(Error)
    expect(clone.message).toBe(error.message)
    expect((clone.cause as Error).message).toBe('I do not want to start.')
  })

  it('has a stack that leads into the host', async () => {
    expect((await failed()).stack).toContain('host.js')
  })

  it("is named by facts, not by words: a guest's error may say anything", async () => {
    const host = newHost()
    const id = await load(host, 'rumour', { lifecycle: 'none' })
    for (const words of [
      'timeout',
      'oom',
      'plugin ran out of fuel',
      'wasm trap: unreachable',
      'Cancelled',
      'the host broke the call off',
    ]) {
      const error = await rejection(host.callRaw(id, 'fail', words))
      expect(error).toMatchObject({ code: 'ExtensionError', message: words })
    }
    expect(host.stats(id).generation).toBe(1)
  })

  it('keeps an error text of any letters, and cuts one that is too long', async () => {
    const host = newHost()
    const id = await load(host, 'rumour', { lifecycle: 'none' })
    expect((await rejection(host.callRaw(id, 'fail', 'ümläut 🎈\n\0 end'))).message).toBe('ümläut 🎈\n\0 end')
    expect((await rejection(host.callRaw(id, 'fail', Uint8Array.of(0x61, 0xff)))).message).toBe('a\uFFFD')
    const long = await rejection(host.callRaw(id, 'fail', 'x'.repeat(1_000_000)))
    expect(long.message.length).toBeLessThanOrEqual(64 * 1024)
    expect(long.message.length).toBeGreaterThan(1000)
  })
})
