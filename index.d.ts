/// <reference lib="esnext.disposable" />

/**
 * Why a load or a call failed. Stable: match on these, not on messages.
 *
 * - `NotFound`: no extension has this id, or it was unloaded.
 * - `InvalidSource`: the source is not a WebAssembly module that this host can run.
 * - `InitializationFailed`: the extension's own start-up failed: its start code, `initialize`, or `capabilities`.
 * - `MethodNotFound`: the extension exports no such method.
 * - `ExtensionError`: the extension ran and answered with an error.
 * - `ProtocolError`: the extension answered something the protocol, or with `validate` its own schema, does not allow.
 * - `SerializationError`: params or an answer could not be written or read as JSON, or with `validate` params do not fit.
 * - `IoError`: a file could not be read or written; from `require` or `import`: the addon cannot be loaded here.
 * - `Timeout`: the deadline passed.
 * - `Cancelled`: the caller took the call back.
 * - `MemoryLimit`: the extension needed more memory, or answered with more output, than it was granted.
 * - `FuelExhausted`: the extension used up the instructions it was granted.
 * - `Trap`: the extension broke off.
 * - `InvalidConfig`: the configuration is wrong.
 * - `QueueFull`: too many calls are waiting.
 * - `Closed`: the host was closed.
 */
export type ErrorCode =
  | 'NotFound'
  | 'InvalidSource'
  | 'InitializationFailed'
  | 'MethodNotFound'
  | 'ExtensionError'
  | 'ProtocolError'
  | 'SerializationError'
  | 'IoError'
  | 'Timeout'
  | 'Cancelled'
  | 'MemoryLimit'
  | 'FuelExhausted'
  | 'Trap'
  | 'InvalidConfig'
  | 'QueueFull'
  | 'Closed'

/** What every failed load and call rejects with. Made by the host; an argument of the wrong type is a `TypeError` instead. */
export class ExtensionError extends Error {
  private constructor()
  readonly name: 'ExtensionError'
  /** What went wrong. */
  readonly code: ErrorCode
  /** The name of the extension, where one is concerned. */
  readonly extension?: string
  /** The method that was called, where one was. */
  readonly method?: string
  /** What is underneath: the signal's reason, the error of a file, of `JSON.parse`, of the extension, or what a function threw. */
  readonly cause?: unknown
  /** In `callMany`: which of the params failed, from 0. */
  readonly index?: number
  /** What an extension that speaks JSON-RPC (the dialect `mep`) said beside its message, where the error is one of its own. */
  readonly rpc?: {
    /** As the extension chose it. */
    code: number
    /** Not there where it is longer than 64 KiB. */
    data?: unknown
  }
}

/** How much a log message matters, least first. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** One message that an extension logged. */
export interface LogRecord {
  level: LogLevel
  /** The text: at most 8 KiB, and at most 256 KiB and 1,000 messages for each call. */
  message: string
  /** The extension's name. */
  extension: string
  /** The extension's id; not there while it is being loaded and its load fails. */
  id?: number
  /** The method that was running; not there while the extension is being loaded. */
  method?: string
}

export interface HostOptions {
  /**
   * Where compiled modules are kept, so that the next process loads them without compiling. `false` keeps none. The directory is made
   * with access for its user alone; one that others can write to is refused, because what it holds runs as native code.
   * @default a folder in the user's cache directory, where there is one
   */
  cacheDir?: string | boolean
  /**
   * How many loads and calls run at once, from 1 to 1024. All others wait without holding a thread.
   * @default one less than libuv's pool has threads (3 of 4), shared by all hosts of the process, so that files and
   * sockets keep a thread
   */
  maxConcurrentCalls?: number
  /**
   * Runs loads and calls on so many threads of the host's own, instead of libuv's pool: for hosts that share their process with other
   * people's code, such as an editor. The pool is left alone, and `worker.terminate()` or the end of the process does not wait
   * for guests. Close such a host when it is done, or its threads stay. Not together with `maxConcurrentCalls`.
   * @default libuv's pool
   */
  threads?: number
  /** Receives what extensions log, before the call in which they logged it settles. */
  onLog?: (record: LogRecord) => void
  /**
   * The least level that `onLog` and listeners to `log` receive. Without both, extensions are told not to log at all.
   * @default 'info' with `onLog`, otherwise nothing
   */
  logLevel?: LogLevel
  /** Functions that every extension may import; those of its own configuration come first. */
  functions?: HostFunctions
  /** What Morphir's extensions are told about the workspace. */
  workspace?: Workspace
}

/** What Morphir's extensions are told about the workspace, by `morphir_get_workspace_info`. */
export interface Workspace {
  /**
   * Its root; a relative path starts at the working directory.
   * @default the working directory
   */
  root?: string | URL
  /**
   * Where what is made goes.
   * @default `.morphir-dist` in the root
   */
  outputDir?: string | URL
}

/** Functions that modules may import, by namespace and name. Extism's kits use the namespace `extism:host/user`. */
export interface HostFunctions {
  [namespace: string]: { [name: string]: HostFunction }
}

/**
 * A function that modules may import. It is given what the guest hands over, as many arguments as the module's import has, and
 * behind them a {@link FunctionContext}; `undefined` stands for no value, both ways. It may answer a promise, except during `callSync`.
 *
 * What it is given and answers is JSON, unless it is said to be text or bytes.
 */
export type HostFunction =
  | JsonFunction
  | { json: JsonFunction }
  | { text: (...args: any[]) => Awaitable<string | undefined | void> }
  | { bytes: (...args: any[]) => Awaitable<Uint8Array | string | undefined | void> }

/** What a guest hands over has the types that whoever wrote the guest says. */
export type JsonFunction = (...args: any[]) => unknown
type Awaitable<T> = T | Promise<T>

/** Who calls a function. */
export interface FunctionContext {
  /** The extension's name. */
  readonly extension: string
  /** The extension's id; not there while it is being loaded. */
  readonly id?: number
  /** The method that runs, `initialize` and `capabilities` included; not there in start-up code. */
  readonly method?: string
  /** The number of the call, as events have it; not there in a load, a reload or a health check. */
  readonly call?: number
  /** Aborted when the guest waits no more: its call ran out of time, was cancelled, or its host was closed. */
  readonly signal: AbortSignal
}

/** Where a module comes from. */
export type Source = {
  /** The only type there is; any other is refused with `InvalidSource`. */
  type: 'wasm'
  /** The SHA-256 the module must have, as 64 hexadecimal digits. */
  sha256?: string
} & (
  | {
      /** The module's file; a relative path starts at the working directory. */
      path: string | URL
      bytes?: undefined
    }
  | {
      /** The module itself, at most 64 MiB. */
      bytes: Uint8Array
      path?: undefined
    }
)

/** A directory that an extension is granted. */
export interface DirectoryGrant {
  /** The directory; a relative path starts at the working directory. */
  path: string
  /** What the extension calls it. */
  guestPath: string
}

/** What an extension may use. Nothing else is granted: no other files, no other hosts, no environment. */
export interface Permissions {
  /**
   * All the memory of one instance: the extension's own, and Extism's, which carries input and output. In bytes, or with a
   * unit: `'100MB'` (millions), `'64MiB'`. From 1,310,720 bytes (20 pages of 64 KiB) to 4 GiB.
   * @default 256 MiB
   */
  maxMemory?: string | number
  /**
   * How long one call may run, and how long start-up may. In milliseconds, or with a unit: `'5s'`, `'500ms'`. At most a day.
   * @default 30 s
   */
  maxExecutionTime?: string | number
  /**
   * How many bytes one call may answer with, written like `maxMemory`.
   * @default 256 MiB
   */
  maxOutput?: string | number
  /**
   * How many instructions one call may run, counted by the engine: the same calls in the same order cost the same each
   * time.
   * @default not counted, which is faster
   */
  maxFuel?: number
  /** Directories to read and write, through WASI: each a path, under which the extension sees it too, or with a name of its own. */
  filesystem?: (string | DirectoryGrant)[]
  /** Directories to read only. */
  readonlyPaths?: (string | DirectoryGrant)[]
  /**
   * Whether it may reach every host on the network that has a public address, through Extism's `http_request`.
   * @default false
   */
  network?: boolean
  /**
   * Hosts that it may reach: names, `*.example.org` for all names beneath one, or addresses. Private addresses need an entry that is
   * that address, or `localhost`.
   * @default none
   */
  allowedHosts?: string[]
  /** As configuration files write it. */
  max_memory?: string | number
  /** As configuration files write it. */
  max_execution_time?: string | number
  /** As configuration files write it. */
  max_output?: string | number
  /** As configuration files write it. */
  max_fuel?: number
  /** As configuration files write it. */
  allowed_hosts?: string[]
}

/** One extension to load. */
export interface ExtensionConfig {
  /** The name that errors, logs and listings use. */
  name: string
  source: Source
  permissions?: Permissions
  /**
   * Handed to the extension's `initialize` as JSON, and each of its entries to Extism's own configuration as text.
   * @default {}
   */
  config?: object
  /**
   * Which protocol it speaks. `'auto'` tells it from what the module exports: `'mep'` from `handle` and `morphir_extension_info`, which
   * Morphir's SDK makes; otherwise `'morphir'`, which has `initialize` and `capabilities`. `'raw'` is for plain Extism plug-ins, which have
   * none of these.
   * @default 'auto'
   */
  dialect?: 'auto' | 'morphir' | 'mep' | 'raw'
  /**
   * `'none'` means the dialect `'raw'`, which says it better.
   * @default 'morphir'
   */
  lifecycle?: 'morphir' | 'none'
  /**
   * How many calls of this extension run in parallel, each in a sandbox of its own. With 1, calls keep their order and share
   * state.
   * @default 1
   */
  instances?: number
  /**
   * How many calls may wait beside those that the instances can take, from 0 on. What comes then is refused at once with
   * `QueueFull`. A `callMany` counts as one call for each instance that shares it, and is refused as a whole.
   * @default no limit
   */
  maxQueue?: number
  /** Functions that it may import, beside those of the host and Morphir's own. */
  functions?: HostFunctions
  /**
   * Checks params before each call, and results after it, against the schemas in the extension's capabilities, as far as it has any. Params
   * that do not fit reject with `SerializationError`, results with `ProtocolError`, and the place of what is wrong. A schema that
   * cannot be checked fails the load with `InitializationFailed`. `callRaw` is not checked.
   * @default false
   */
  validate?: boolean
  /**
   * What follows a fault: whether an instance that lost its state is started anew, and when.
   * @default 'immediate', as often as it takes
   */
  restart?: Restart
}

/**
 * What follows a fault, which is a timeout, a limit or a trap; a call that its caller takes back is none.
 *
 * - `'never'`: nothing. Every further call fails at once with `InitializationFailed`, and names the first fault.
 * - `'immediate'`: the next call starts the instance anew.
 * - `'exponential'`: so does the first call after a delay, which doubles with each fault in a row; calls wait for it without a thread.
 *
 * With more than `maxRetries` faults in a row, without an answered call in between, the extension is given up as with `'never'`. A
 * `reload` begins anew.
 */
export type Restart =
  | 'never'
  | 'immediate'
  | 'exponential'
  | { strategy: 'never' }
  | { strategy: 'immediate'; /** @default as often as it takes */ maxRetries?: number }
  | {
      strategy: 'exponential'
      /**
       * In milliseconds, or with a unit: `'500ms'`.
       * @default 1 s
       */
      initialDelay?: string | number
      /**
       * Written like `initialDelay`.
       * @default a minute, or `initialDelay` where that is longer
       */
      maxDelay?: string | number
      /** @default as often as it takes */
      maxRetries?: number
    }

/** One thing an extension says it can do. */
export interface Capability {
  /** The method to call. */
  name: string
  description: string
  /** JSON Schema of its params. */
  params_schema?: unknown
  /** JSON Schema of its result. */
  return_schema?: unknown
}

export interface LoadOptions {
  /** Takes the load back: it rejects with `Cancelled` at once. */
  signal?: AbortSignal
}

export interface LoadConfigOptions {
  /** Takes everything back: it rejects with `Cancelled`, and what was loaded already is unloaded. */
  signal?: AbortSignal
  /**
   * Checks params and results of all of them, as `validate` of {@link ExtensionConfig} does.
   * @default false
   */
  validate?: boolean
}

/** What became of the extensions in a configuration file, each list in the order of the file. */
export interface LoadConfigResult {
  /** What can be called now. */
  loaded: { name: string; id: number }[]
  /** What cannot, and why: the message begins with the file, the line, and the keys that lead to what is wrong. */
  failed: {
    /** The keys that lead to it, such as `extensions[2]`, where it has no name. */
    name: string
    error: ExtensionError
  }[]
  /** The names of those with `enabled = false`. */
  skipped: string[]
}

export interface CallOptions {
  /** Takes the call back, whether it waits or runs: it rejects with `Cancelled`, and the signal's reason as `cause`. */
  signal?: AbortSignal
  /**
   * How long the call may take from now on, in milliseconds, waiting included. The extension's `maxExecutionTime` holds besides, and
   * counts from when it runs.
   */
  timeout?: number
}

/** Which protocol an extension was found to speak. `'mep-early'` is `'mep'` as it was before it had sessions. */
export type Dialect = 'morphir' | 'mep' | 'mep-early' | 'raw'
/**
 * The methods of an extension as functions that answer promises. `Methods` says what they take and answer:
 * `npx morphir-extension-host types extension.wasm` writes it.
 */
export type Client<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...params: infer Params) => infer Result
    ? (
        ...args: [...params: Params extends [] ? [params?: undefined] : Params, options?: CallOptions]
      ) => Promise<Awaited<Result>>
    : never
}

/** How a file is watched. */
export interface WatchOptions {
  /**
   * How long the file must have been the same before it is loaded, in milliseconds.
   * @default 100
   */
  debounce?: number
  /** Called after each reload. */
  onReload?: (event: LoadedEvent) => void
  /** Called when a reload fails, and the extension is what it was. Without it the process warns. */
  onError?: (error: ExtensionError) => void
  /** Ends it when it is aborted. */
  signal?: AbortSignal
}

/** Watches a file until it is closed, its extension is unloaded, or its host is closed. */
export interface Watcher {
  close(): void
  [Symbol.dispose](): void
}

/** How an extension is. */
export interface Health {
  /** `degraded`: it works, but not as it should. `unhealthy`: it does not. */
  status: 'healthy' | 'degraded' | 'unhealthy'
  /** Why, or what the extension says besides; always there unless it is healthy. */
  message?: string
}

/** How long calls took, in milliseconds. */
export interface Times {
  /** Half of them took no longer; off by 6.25 % at most, or by 128 ns. */
  p50: number
  /** Ninety-nine of a hundred took no longer; as exact as `p50`. */
  p99: number
  /** None took longer. */
  max: number
}

/** An extension was loaded or reloaded. */
export interface LoadedEvent {
  id: number
  /** Its name. */
  extension: string
  reloaded: boolean
  /** How long that took, waiting included, in milliseconds. */
  duration: number
}

/** A load or a reload failed; a reload leaves the extension as it was, and has its `id`. */
export interface FailedEvent {
  id?: number
  /** Its name. */
  extension?: string
  error: Error
}

/** An extension was unloaded, by itself or with its host. */
export interface UnloadedEvent {
  id: number
  /** Its name. */
  extension: string
}

/** A call. A `callMany` is one, however many params it has. */
export interface CallEvent {
  /** Its number: the same in each event about it, and no other call of this host has it. */
  call: number
  id: number
  /** The extension's name, where one has the id. */
  extension?: string
  method: string
}

/** A call ended well. */
export interface CallCompletedEvent extends CallEvent {
  /** From its start on, waiting included, in milliseconds. */
  duration: number
}

/** A call ended with an error: a `callMany` if any of its params did. */
export interface CallFailedEvent extends CallCompletedEvent {
  error: Error
}

/** A log record, with the number of the call during which it was logged. */
export interface LogEvent extends LogRecord {
  call?: number
}

/** What a host tells its listeners. */
export interface HostEvents {
  'extension.loaded': LoadedEvent
  'extension.failed': FailedEvent
  'extension.unloaded': UnloadedEvent
  'extension.call.started': CallEvent
  'extension.call.completed': CallCompletedEvent
  'extension.call.failed': CallFailedEvent
  log: LogEvent
}

export interface EndOptions {
  /**
   * Cancels what is waiting and running instead of letting it finish.
   * @default false
   */
  cancel?: boolean
}

/** A loaded extension, as `list` shows it. */
export interface ExtensionInfo {
  id: number
  name: string
  protocol: 'extism'
  dialect: Dialect
  capabilities: Capability[]
  /** Calls that ended. */
  callCount: number
  /** Calls that ended in an error. */
  errorCount: number
  /** How long it has been loaded, in milliseconds. */
  uptime: number
}

/** What an extension did so far. */
export interface ExtensionStats {
  /** Which protocol it speaks. */
  dialect: Dialect
  /** Calls that ended. */
  calls: number
  /** Calls that ended in an error. */
  errors: number
  /** How often each error came. */
  errorsByCode: Partial<Record<ErrorCode, number>>
  /** Calls that were refused with `QueueFull`; they are not among `calls`. */
  refused: number
  /** Calls that wait for an instance or a thread. */
  waiting: number
  /** Instances at work. */
  running: number
  /** All instances. */
  instances: number
  /** 1, and one more for each time an instance lost its state to a fault and is started anew, and for each reload. */
  generation: number
  /** The instructions of the last call that ended, with `maxFuel`. */
  fuel?: number
  /** How long calls waited before they ran, once one has ended. A `callMany` counts once for each instance that shared it. */
  queueTime?: Times
  /** How long calls ran, once one has ended. */
  runTime?: Times
  /**
   * The most memory that one instance had when a call came back, in bytes: its own and Extism's, which carries input and output. Calls
   * that broke off do not count.
   */
  peakMemory?: number
  /** How long it has been loaded, in milliseconds. */
  uptime: number
}

/**
 * Loads WebAssembly extensions and calls them on other threads, within hard limits.
 *
 * Methods that answer a promise never throw: an argument of the wrong type rejects with a `TypeError` or `RangeError`,
 * everything else with an {@link ExtensionError}.
 *
 * @example
 * const host = new ExtensionHost()
 * const id = await host.loadExtension({
 *   name: 'wasm-optimizer',
 *   source: { type: 'wasm', path: './optimizer.wasm' },
 *   permissions: { maxMemory: '100MB', maxExecutionTime: '5s' },
 * })
 * const result = await host.call(id, 'transform', { ir })
 * await host.close()
 */
export class ExtensionHost {
  /**
   * @throws {ExtensionError} `InvalidConfig` for a cache directory that others can write to or own, `IoError` for one that
   * cannot be made
   */
  constructor(options?: HostOptions)

  /**
   * Makes a host and loads what a configuration file lists, as `loadConfig` does. Where it rejects there is no host to close.
   *
   * @example
   * const { host, loaded, failed } = await ExtensionHost.fromConfig('morphir.toml')
   * for (const { name, error } of failed) console.error(`${name}: ${error.message}`)
   */
  static fromConfig<Host extends ExtensionHost>(
    this: new (options: HostOptions) => Host,
    path: string | URL,
    options?: HostOptions & LoadConfigOptions,
  ): Promise<{ host: Host } & LoadConfigResult>

  /**
   * Loads an extension: checks its source, compiles it or finds it in the cache, starts it, hands `config` to its `initialize`, and
   * asks for its `capabilities`. Answers its id, which is never used again.
   *
   * Rejects with `InvalidConfig`, `InvalidSource`, `IoError`, `InitializationFailed`, `Timeout`, `MemoryLimit`,
   * `FuelExhausted`, `Cancelled` or `Closed`.
   */
  loadExtension(config: ExtensionConfig, options?: LoadOptions): Promise<number>

  /**
   * Loads the extensions that a configuration file such as `morphir.toml` lists, side by side. Relative paths in it start at the
   * file. One that cannot be loaded is in `failed`, and keeps no other from being loaded.
   *
   * Rejects with `IoError` for a file that cannot be read, `InvalidConfig` for one that is not TOML, `Cancelled` or `Closed`.
   */
  loadConfig(path: string | URL, options?: LoadConfigOptions): Promise<LoadConfigResult>

  /**
   * Calls a method with params as JSON and answers its result, read from JSON. Without params the method is given no input.
   *
   * Rejects with `NotFound`, `MethodNotFound`, `QueueFull`, `ExtensionError`, `ProtocolError`, `SerializationError`, `Timeout`,
   * `Cancelled`, `MemoryLimit`, `FuelExhausted`, `Trap`, `Closed`, or `InitializationFailed` where the extension had to be started anew.
   */
  call<Result = unknown>(id: number, method: string, params?: unknown, options?: CallOptions): Promise<Result>

  /**
   * Calls a method with text or bytes as they are and answers its bytes. Nothing is read as JSON on this thread, which
   * a large IR would hold up. Rejects as `call` does.
   */
  callRaw(id: number, method: string, input?: string | Uint8Array, options?: CallOptions): Promise<Uint8Array>

  /**
   * Calls a method once for each of the params, in one trip between threads: for many small calls. What takes longer than 20 ms
   * lets others have the thread in between. Answers the results in the order of the params. Every call runs, whatever becomes of the others; if any failed, it rejects with the first one's
   * error, which has its `index`. `timeout` and `signal` are for all of them together.
   */
  callMany<Result = unknown>(
    id: number,
    method: string,
    paramsList: readonly unknown[],
    options?: CallOptions & { settled?: false },
  ): Promise<Result[]>
  /** With `settled`, answers what became of each call, as `Promise.allSettled` does; an aborted `signal` rejects all the same. */
  callMany<Result = unknown>(
    id: number,
    method: string,
    paramsList: readonly unknown[],
    options: CallOptions & { settled: true },
  ): Promise<PromiseSettledResult<Result>[]>

  /**
   * Calls a method on this thread, which waits for it: for command-line tools that have nothing else to do. The same limits hold,
   * but nothing can cancel it. It does not stand in line behind calls that wait.
   * @throws {ExtensionError} whatever `call` rejects with; {TypeError} for an argument of the wrong type
   */
  callSync<Result = unknown>(
    id: number,
    method: string,
    params?: unknown,
    options?: Pick<CallOptions, 'timeout'>,
  ): Result

  /**
   * What the extension said it can do when it was loaded; it is not asked again.
   * @throws {ExtensionError} `NotFound`, `Closed`
   */
  capabilities(id: number): Capability[]

  /**
   * The extension's methods as functions: those that its capabilities name now, but for one named `then`. Each does what `call` does.
   *
   * @example
   * const renamer = host.client<RenamePackage>(id)
   * const { output } = await renamer.transform({ ir, options: { to: 'New.Home' } })
   *
   * @throws {ExtensionError} `NotFound`, `Closed`
   */
  client<Methods = Record<string, (params?: unknown) => unknown>>(id: number): Client<Methods>

  /**
   * What the extension did so far.
   * @throws {ExtensionError} `NotFound`, `Closed`
   */
  stats(id: number): ExtensionStats

  /** The figures of all loaded extensions, in the text format that Prometheus reads. */
  metrics(): string

  /**
   * Asks an extension how it is: by its method `health_check`, if it has one, and otherwise by starting it where it has to be started
   * anew. It waits as a call does, but `maxQueue` does not refuse it, and it does not count as one. Whatever the
   * extension does wrong is `unhealthy`, with the reason; it rejects with `NotFound`, `Cancelled` or `Closed` only.
   */
  healthCheck(id: number, options?: CallOptions): Promise<Health>

  /**
   * Loads an extension anew under the id that it has: from its file, from the module that it was given as bytes, or from a new source,
   * with all else as it was. It waits for the calls made before it; calls made later wait, and run on what is there then: the new one, or if
   * that does not load, the one there was, with its state. Rejects as `loadExtension` does, and with `NotFound`.
   */
  reload(id: number, source?: Source, options?: LoadOptions): Promise<void>

  /**
   * For authors: reloads an extension whenever the file that it came from changes, also by another file in its place, until the watcher is
   * closed. It does not keep the process alive. Half a file is no module: the extension stays what it was, and `onError` hears of it.
   * @throws {ExtensionError} `NotFound`, `Closed`, `InvalidSource` for an extension that was loaded from bytes
   */
  watch(id: number, options?: WatchOptions): Watcher

  /**
   * Has a listener called whenever something happens, on this thread. One that throws keeps nothing from going on: its error is uncaught.
   * Listening to `log` needs a host made with `onLog` or `logLevel`, and is a `TypeError` otherwise.
   */
  on<Name extends keyof HostEvents>(name: Name, listener: (event: HostEvents[Name]) => void): this
  /** The same for the next time only. */
  once<Name extends keyof HostEvents>(name: Name, listener: (event: HostEvents[Name]) => void): this
  /** Calls a listener no more. */
  off<Name extends keyof HostEvents>(name: Name, listener: (event: HostEvents[Name]) => void): this

  /** Every loaded extension, in the order in which they were loaded. */
  list(): ExtensionInfo[]

  /**
   * Unloads an extension: it takes no more calls, those it has finish, and its memory is given back. An extension that is not
   * there is unloaded already.
   */
  unloadExtension(id: number, options?: EndOptions): Promise<void>

  /**
   * Closes the host: nothing new is taken, loads are cancelled, calls finish, and all extensions are unloaded. It can be closed
   * again.
   */
  close(options?: EndOptions): Promise<void>

  /** Closes the host at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>
}
