// What observing a host takes and answers. Compiled, never run.

import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import { ExtensionHost } from '@finos/morphir-extension-host'
import { observe, type ObserveOptions } from '@finos/morphir-extension-host/opentelemetry'
import opentelemetry from '@finos/morphir-extension-host/opentelemetry'
import { same } from './same.mjs'

declare const tracerProvider: TracerProvider
declare const meterProvider: MeterProvider

export function everything(host: ExtensionHost): void {
  same<() => void>()(observe(host))
  same<() => void>()(observe(host, { tracerProvider, meterProvider }))
  const options: ObserveOptions = {}
  // oxlint-disable-next-line import/no-named-as-default-member -- both ways lead to the same
  opentelemetry.observe(host, options)
  // @ts-expect-error a host is needed
  observe()
  // @ts-expect-error these are providers, not what they provide
  observe(host, { tracerProvider: tracerProvider.getTracer('mine') })
}
