import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import type { ExtensionHost } from '../../index.js'

export interface ObserveOptions {
  /**
   * Makes the spans.
   * @default the one that is registered
   */
  tracerProvider?: TracerProvider
  /**
   * Takes the figures.
   * @default the one that is registered when `observe` is called
   */
  meterProvider?: MeterProvider
}

/**
 * Reports what a host does to OpenTelemetry from now on: a span for each load and each call, and Morphir's metrics. A `callMany` is one
 * call. Answers a function that ends it.
 *
 * Throws a `TypeError` for arguments that are none, and an `Error` where `@opentelemetry/api` is not installed.
 *
 * @example
 * const stop = observe(host)
 */
export function observe(host: ExtensionHost, options?: ObserveOptions): () => void
