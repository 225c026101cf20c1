// What the methods take and answer. Compiled, never run.

import { ExtensionHost } from '@finos/morphir-extension-host'
import type {
  CallFailedEvent,
  Capability,
  Dialect,
  ErrorCode,
  ExtensionConfig,
  ExtensionInfo,
  ExtensionStats,
  FunctionContext,
  Health,
  HostFunctions,
  HostOptions,
  LogLevel,
  LogEvent,
  LogRecord,
  Times,
} from '@finos/morphir-extension-host'
import { same } from './same.mjs'

declare const bytes: Uint8Array
declare const signal: AbortSignal

const functions: HostFunctions = {
  'extism:host/user': {
    find: async (query: { name: string }, context: FunctionContext) => {
      same<AbortSignal>()(context.signal)
      same<number | undefined>()(context.id)
      same<number | undefined>()(context.call)
      same<string | undefined>()(context.method)
      same<string>()(context.extension)
      return { found: query.name }
    },
    report: { json: (_progress: unknown) => {} },
    join: { text: (one: string, other?: string) => one + other },
    digest: { bytes: async (bytes: Uint8Array) => bytes.slice(0, 4) },
    // @ts-expect-error -- no number is text
    wrong: { text: () => 5 },
    // @ts-expect-error -- there is no such form
    unknown: { yaml: () => {} },
  },
}

export async function everything(): Promise<void> {
  void new ExtensionHost()
  void new ExtensionHost({})
  await using host = new ExtensionHost({
    cacheDir: '/var/cache/mine',
    maxConcurrentCalls: 2,
    onLog: (record) => {
      same<LogRecord>()(record)
      same<LogLevel>()(record.level)
      same<number | undefined>()(record.id)
    },
    logLevel: 'debug',
    functions: { 'extism:host/user': { now: () => Date.now() } },
    workspace: { root: new URL('file:///work'), outputDir: './out' },
  })
  void new ExtensionHost({ cacheDir: false, threads: 2 })
  const options: HostOptions = { cacheDir: true }
  void new ExtensionHost(options)

  const id = await host.loadExtension(
    {
      name: 'everything',
      source: { type: 'wasm', path: new URL('file:///extension.wasm'), sha256: '00' },
      permissions: {
        maxMemory: '100MB',
        maxExecutionTime: 5000,
        maxOutput: '1MiB',
        maxFuel: 1_000_000,
        filesystem: ['/models', { path: './out', guestPath: '/out' }],
        readonlyPaths: ['/usr/share'],
        network: true,
        allowedHosts: ['*.example.org', '127.0.0.1'],
      },
      config: { any: ['thing', 1, null] },
      dialect: 'raw',
      lifecycle: 'none',
      instances: 4,
      maxQueue: 100,
      functions,
      restart: { strategy: 'exponential', initialDelay: '1s', maxDelay: 60_000, maxRetries: 3 },
    },
    { signal },
  )
  same<number>()(id)
  await host.loadExtension({ name: 'path', source: { type: 'wasm', path: './extension.wasm' } })
  await host.loadExtension({ name: 'bytes', source: { type: 'wasm', bytes } })
  await host.loadExtension({ name: 'buffer', source: { type: 'wasm', bytes: Buffer.alloc(8) } })
  await host.loadExtension({
    name: 'snake',
    source: { type: 'wasm', bytes },
    permissions: { max_memory: '1MB', max_execution_time: '5s' },
  })

  // A result is unknown until somebody says what it is.
  same<unknown>()(await host.call(id, 'transform'))
  same<{ ir: object }>()(await host.call<{ ir: object }>(id, 'transform', { ir: {} }, { signal, timeout: 100 }))
  same<string[]>()(await host.call<string[]>(id, 'names', null))
  same<unknown>()(host.callSync(id, 'transform'))
  same<boolean>()(host.callSync<boolean>(id, 'check', [1], { timeout: 5 }))

  same<Uint8Array>()(await host.callRaw(id, 'transform'))
  await host.callRaw(id, 'transform', 'text', { timeout: 5 })
  await host.callRaw(id, 'transform', bytes)

  const list = [1, 2, 3] as const
  same<unknown[]>()(await host.callMany(id, 'check', list))
  same<boolean[]>()(await host.callMany<boolean>(id, 'check', [], { signal }))
  same<boolean[]>()(await host.callMany<boolean>(id, 'check', list, { settled: false }))
  const outcomes = await host.callMany<boolean>(id, 'check', list, { settled: true, timeout: 5 })
  same<PromiseSettledResult<boolean>[]>()(outcomes)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') same<boolean>()(outcome.value)
  }

  same<Capability[]>()(host.capabilities(id))
  same<ExtensionInfo[]>()(host.list())
  const stats = host.stats(id)
  same<ExtensionStats>()(stats)
  same<number | undefined>()(stats.fuel)
  same<number | undefined>()(stats.errorsByCode.Timeout)
  same<Times | undefined>()(stats.runTime)
  same<number | undefined>()(stats.peakMemory)
  same<string>()(host.metrics())
  same<Health>()(await host.healthCheck(id, { signal, timeout: 5 }))
  same<void>()(await host.reload(id))
  same<void>()(await host.reload(id, { type: 'wasm', bytes }, { signal }))
  same<ExtensionHost>()(
    host
      .on('extension.call.failed', (event) => {
        same<CallFailedEvent>()(event)
        same<Error>()(event.error)
      })
      .once('log', (event) => same<LogEvent>()(event))
      .off('extension.loaded', ({ id, reloaded }) => {
        same<number>()(id)
        same<boolean>()(reloaded)
      }),
  )
  same<void>()(await host.unloadExtension(id))
  same<void>()(await host.unloadExtension(id, { cancel: true }))
  same<void>()(await host.close({ cancel: true }))
  same<void>()(await host[Symbol.asyncDispose]())
}

export async function mistakes(host: ExtensionHost, id: number): Promise<void> {
  const source = { type: 'wasm', bytes } as const
  // @ts-expect-error an option there is not
  void new ExtensionHost({ maxConcurentCalls: 2 })
  // @ts-expect-error a level there is not
  void new ExtensionHost({ logLevel: 'loud' })
  // @ts-expect-error not a number
  void new ExtensionHost({ maxConcurrentCalls: '2' })

  // @ts-expect-error no source
  await host.loadExtension({ name: 'x' })
  // @ts-expect-error no name
  await host.loadExtension({ source })
  // @ts-expect-error a source of another type
  await host.loadExtension({ name: 'x', source: { type: 'jar', path: 'x' } })
  // @ts-expect-error neither path nor bytes
  await host.loadExtension({ name: 'x', source: { type: 'wasm' } })
  // @ts-expect-error both
  await host.loadExtension({ name: 'x', source: { type: 'wasm', path: 'x', bytes } })
  // @ts-expect-error an ArrayBuffer is not bytes
  await host.loadExtension({ name: 'x', source: { type: 'wasm', bytes: new ArrayBuffer(8) } })
  // @ts-expect-error a permission there is not
  await host.loadExtension({ name: 'x', source, permissions: { threads: 2 } })
  // @ts-expect-error a directory needs both names
  await host.loadExtension({ name: 'x', source, permissions: { filesystem: [{ path: '/x' }] } })
  // @ts-expect-error a lifecycle there is not
  await host.loadExtension({ name: 'x', source, lifecycle: 'forever' })
  // @ts-expect-error a dialect that can only be found
  await host.loadExtension({ name: 'x', source, dialect: 'mep-early' })
  // @ts-expect-error a strategy there is not
  await host.loadExtension({ name: 'x', source, restart: 'sometimes' })
  // @ts-expect-error a key of another strategy
  await host.loadExtension({ name: 'x', source, restart: { strategy: 'immediate', initialDelay: 5 } })
  // @ts-expect-error a config is an object
  await host.loadExtension({ name: 'x', source, config: 'text' })
  // @ts-expect-error a load has no timeout
  await host.loadExtension({ name: 'x', source }, { timeout: 5 })

  // @ts-expect-error an id is a number
  await host.call('1', 'transform')
  // @ts-expect-error no method
  await host.call(id)
  // @ts-expect-error a timeout is a number of milliseconds
  await host.call(id, 'transform', null, { timeout: '5s' })
  // @ts-expect-error an option there is not
  await host.call(id, 'transform', null, { timeOut: 5 })
  // @ts-expect-error a controller is not its signal
  await host.call(id, 'transform', null, { signal: new AbortController() })
  // @ts-expect-error nothing can abort it meanwhile
  host.callSync(id, 'transform', null, { signal })
  // @ts-expect-error neither text nor bytes
  await host.callRaw(id, 'transform', { ir: {} })
  // @ts-expect-error not a list
  await host.callMany(id, 'transform', { 0: 'x' })
  // @ts-expect-error only callMany has it
  await host.call(id, 'transform', null, { settled: true })
  // @ts-expect-error an option there is not
  await host.close({ force: true })

  // @ts-expect-error an event there is not
  host.on('extension.lodaed', () => {})
  // @ts-expect-error it is told of a number
  host.on('extension.loaded', (id: number) => id)
  // @ts-expect-error listeners hear, and do not speak
  host.emit('extension.loaded', { id })
  // @ts-expect-error a reload keeps everything but the source
  await host.reload(id, { name: 'x', source })
  // @ts-expect-error not a number
  await host.loadExtension({ name: 'x', source, maxQueue: '5' })

  const result = await host.call(id, 'transform')
  // @ts-expect-error nobody said what the result is
  void result.ir
  const [info] = host.list()
  // @ts-expect-error there may be none in a list, or there is no such entry
  void info!.source
}

/** Watching a file, and what is found out of an extension. */
export async function watching(host: ExtensionHost, id: number) {
  const watcher = host.watch(id, {
    debounce: 50,
    onReload: ({ duration }) => same<number>()(duration),
    onError: ({ code, rpc }) => {
      same<ErrorCode>()(code)
      same<{ code: number; data?: unknown } | undefined>()(rpc)
    },
  })
  same<void>()(watcher.close())
  same<Dialect>()(host.stats(id).dialect)
  // @ts-expect-error an option there is not
  host.watch(id, { interval: 5 })
}

/** Configurations that a file might hold. */
export const configs: ExtensionConfig[] = [
  { name: 'one', source: { type: 'wasm', path: 'one.wasm' }, permissions: { maxMemory: 4_194_304 } },
  { name: 'two', source: { type: 'wasm', path: 'two.wasm' }, config: {}, instances: 1, lifecycle: 'morphir' },
]
