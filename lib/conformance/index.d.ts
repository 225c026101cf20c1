import type { HostFunctions, LogRecord, Permissions, Source } from '../../index.js'

/** The module: its path, its bytes, or what `loadExtension` takes. */
export type ConformanceSource = string | URL | Uint8Array | Source

export interface ConformanceOptions {
  /** Handed to the extension's `initialize`, as with `loadExtension`. */
  config?: object
  /**
   * The method that the checks call where any will do.
   * @default `transform`, the first that `params` names, `echo`, or the first capability
   */
  method?: string
  /**
   * By method, params that it answers.
   * @default the first of the `examples` in the method's `params_schema`, else `{ ir }` with a small IR of format version 3
   */
  params?: Record<string, unknown>
  /** What the extension may use. */
  permissions?: Permissions
  /** Functions that it may import, as with `loadExtension`. Checks call them over and over, and some while time or memory runs out. */
  functions?: HostFunctions
  /** The names of the checks to run; the others are not in the report. */
  only?: readonly CheckName[]
  /** Where compiled modules are kept, as with `new ExtensionHost()`. */
  cacheDir?: string | boolean
  /** Hears of each result when it is there. */
  onResult?: (result: CheckResult) => void
}

/** The checks, in their order. */
export type CheckName =
  | 'loads'
  | 'initialize'
  | 'capabilities'
  | 'callable'
  | 'echo'
  | 'answers'
  | 'error'
  | 'unknown-method'
  | 'malformed'
  | 'unicode'
  | 'large'
  | 'parallel'
  | 'timeout'
  | 'memory'
  | 'recovery'
  | 'utf8'

/** What came of one check. */
export interface CheckResult {
  name: CheckName
  /** What it is about, for people. */
  title: string
  outcome: 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped; on a pass, what there is to say about it. */
  remark?: string
  /** The error underneath, where there is one. */
  error?: Error
  /** How long it took. */
  milliseconds: number
  /** What the extension logged meanwhile. */
  log: LogRecord[]
}

export interface Report {
  /** Whether nothing failed. */
  passed: boolean
  /** The module, where it could be read. */
  module?: { bytes: number; sha256: string }
  milliseconds: number
  checks: CheckResult[]
}

/** One check by itself. */
export interface Check {
  name: CheckName
  /** What it is about, for people. */
  title: string
  /** Runs it. An extension that fails it is a result; rejected are only options that make no sense. */
  run(source: ConformanceSource, options?: Omit<ConformanceOptions, 'only'>): Promise<CheckResult>
}

/**
 * Every check, in the order in which they run: for one test each.
 *
 * @example
 * test.for(checks)('$title', async ({ run }, { skip }) => {
 *   const { outcome, remark, error } = await run('./extension.wasm')
 *   if (outcome === 'skipped') skip(remark)
 *   if (outcome === 'failed') throw new Error(remark, { cause: error })
 * })
 */
export const checks: readonly Check[]

/**
 * Checks an extension against the protocol. Checks whose conditions failed are skipped: an extension that does not load is told so once.
 *
 * Rejects with a `TypeError` or `InvalidConfig` for options that make no sense.
 */
export function checkConformance(source: ConformanceSource, options?: ConformanceOptions): Promise<Report>
