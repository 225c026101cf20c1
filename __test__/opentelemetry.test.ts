import { createRequire } from 'node:module'
import { SpanStatusCode, context, trace, type Attributes } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ExtensionHost } from '@finos/morphir-extension-host'
import { observe } from '@finos/morphir-extension-host/opentelemetry'
import { run } from './support/child.ts'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

/** A host that is observed by SDKs which keep all in memory. */
function observed(host: ExtensionHost) {
  const spanExporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] })
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  onTestFinished(async () => {
    await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()])
  })
  const stop = observe(host, { tracerProvider, meterProvider })
  /** By name, the points of a metric: its attributes, and a value or how many there were. */
  const metrics = async () => {
    metricExporter.reset()
    await meterProvider.forceFlush()
    const all = metricExporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    return Object.fromEntries(
      all.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(
          ({ attributes, value }) =>
            [attributes, typeof value === 'number' ? value : value.count] as [Attributes, number],
        ),
      ]),
    )
  }
  return { tracerProvider, stop, metrics, spans: () => spanExporter.getFinishedSpans() }
}

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterAll(() => context.disable())

describe('observe()', () => {
  it('makes a span for each load and call, with what it was about', async () => {
    const host = newHost()
    const { spans } = observed(host)
    const id = await load(host, 'counter')
    await host.call(id, 'count')
    host.callSync(id, 'count')
    await host.callMany(id, 'count', [1, 2])
    const attributes = { 'morphir.extension.name': 'counter', 'morphir.extension.id': id }
    expect(spans().map(({ name, attributes }) => ({ name, attributes }))).toEqual([
      { name: 'morphir.extension.load', attributes: { ...attributes, 'morphir.extension.reload': false } },
      ...Array.from({ length: 3 }, () => ({
        name: 'morphir.extension.call',
        attributes: { ...attributes, 'morphir.extension.method': 'count' },
      })),
    ])
    for (const { status, instrumentationScope, duration } of spans()) {
      expect(status.code).toBe(SpanStatusCode.UNSET)
      expect(instrumentationScope.name).toBe('@finos/morphir-extension-host')
      expect(instrumentationScope.version).toMatch(/^\d/)
      expect(duration[0] >= 0 && duration[1] >= 0).toBe(true)
    }
  })

  it('says why a load or a call failed', async () => {
    const host = newHost()
    const { spans } = observed(host)
    await rejection(load(host, 'lifecycle', { config: { do: 'e' } }))
    const id = await load(host, 'counter')
    await rejection(host.call(id, 'fail'))
    await rejection(host.call(id, 'loop', undefined, { timeout: 50 }))
    await rejection(host.callMany(id, 'fail', [1, 2]))
    await rejection(host.reload(id, { type: 'wasm', bytes: new Uint8Array(8) }))
    const failed = spans().filter(({ status }) => status.code === SpanStatusCode.ERROR)
    expect(failed.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
      ['morphir.extension.load', 'InitializationFailed'],
      ['morphir.extension.call', 'ExtensionError'],
      ['morphir.extension.call', 'Timeout'],
      ['morphir.extension.call', 'ExtensionError'],
      ['morphir.extension.load', 'InvalidSource'],
    ])
    expect(failed[1]!.status.message).toBe('The counter does not like this.')
    expect(failed[1]!.events[0]).toMatchObject({
      name: 'exception',
      attributes: { 'exception.message': 'The counter does not like this.' },
    })
    expect(failed[4]!.attributes).toMatchObject({ 'morphir.extension.id': id, 'morphir.extension.reload': true })
    expect(spans()).toHaveLength(6)
  })

  it("puts calls below the caller's span, also when they wait for others", async () => {
    const host = newHost({ maxConcurrentCalls: 1 })
    const { tracerProvider, spans } = observed(host)
    const id = await load(host, 'counter')
    const tracer = tracerProvider.getTracer('caller')
    const parents = ['first', 'second'].map((name) => tracer.startSpan(name))
    await Promise.all(
      parents.map((parent) => context.with(trace.setSpan(context.active(), parent), () => host.call(id, 'count'))),
    )
    const calls = spans().filter(({ name }) => name === 'morphir.extension.call')
    expect(calls.map(({ parentSpanContext }) => parentSpanContext!.spanId).toSorted()).toEqual(
      parents.map((parent) => parent.spanContext().spanId).toSorted(),
    )
    expect(spans().find(({ name }) => name === 'morphir.extension.load')!.parentSpanContext).toBeUndefined()
  })

  it("counts and times by Morphir's names", async () => {
    const host = newHost()
    const { metrics } = observed(host)
    const id = await load(host, 'counter')
    const other = await load(host, 'echo')
    await host.call(id, 'count')
    await host.call(id, 'count')
    await rejection(host.call(id, 'fail'))
    await rejection(host.call(id, 'no_such_method'))
    await rejection(host.call(99, 'no_such_extension'))
    await rejection(load(host, 'lifecycle', { config: { do: 'e' } }))
    await host.unloadExtension(other)
    const counter = { extension: 'counter' }
    expect(await metrics()).toEqual({
      'morphir.extension.count': [[{}, 1]],
      'morphir.extension.load.duration_ms': [
        [counter, 1],
        [{ extension: 'echo' }, 1],
      ],
      'morphir.extension.call.count': [
        [{ ...counter, method: 'count', status: 'success' }, 2],
        [{ ...counter, method: 'fail', status: 'error' }, 1],
        // A name that is not a method's would be a series of its own.
        [{ ...counter, status: 'error' }, 1],
        [{ status: 'error' }, 1],
      ],
      'morphir.extension.call.duration_ms': [
        [{ ...counter, method: 'count' }, 2],
        [{ ...counter, method: 'fail' }, 1],
        [counter, 1],
        [{}, 1],
      ],
      'morphir.extension.error.count': [
        [{ ...counter, method: 'fail', code: 'ExtensionError' }, 1],
        [{ ...counter, code: 'MethodNotFound' }, 1],
        [{ code: 'NotFound' }, 1],
        [{ extension: 'lifecycle', code: 'InitializationFailed' }, 1],
      ],
    })
  })

  it('counts what is loaded already, a reload once, and nothing after close', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const { metrics, spans } = observed(host)
    expect((await metrics())['morphir.extension.count']).toEqual([[{}, 1]])
    await host.reload(id)
    expect((await metrics())['morphir.extension.count']).toEqual([[{}, 1]])
    expect(spans()[0]!.attributes['morphir.extension.reload']).toBe(true)
    await host.close()
    expect((await metrics())['morphir.extension.count']).toEqual([[{}, 0]])
  })

  it('hears nothing more once it is stopped, and ends the spans of calls that still run', async () => {
    const host = newHost()
    const { metrics, spans, stop } = observed(host)
    const id = await load(host, 'counter')
    const running = host.call(id, 'loop', undefined, { timeout: 300 })
    stop()
    expect(spans().map(({ name }) => name)).toEqual(['morphir.extension.load', 'morphir.extension.call'])
    await rejection(running)
    await host.call(id, 'count')
    expect(spans()).toHaveLength(2)
    const figures = await metrics()
    expect(figures['morphir.extension.count']).toEqual([[{}, 0]])
    expect(figures['morphir.extension.call.count'] ?? []).toEqual([])
    stop()
    expect((await metrics())['morphir.extension.count']).toEqual([[{}, 0]])
  })

  it('does nothing where no SDK is registered', async () => {
    const host = newHost()
    const stop = observe(host)
    const id = await load(host, 'counter')
    expect(await host.call(id, 'count')).toBe(101)
    stop()
  })

  it.each<[string, unknown, unknown]>([
    ['no host', undefined, undefined],
    ['something else', {}, undefined],
    ['options that are null', 'host', null],
    ['a tracer in place of its provider', 'host', { tracerProvider: { startSpan() {} } }],
    ['a meter in place of its provider', 'host', { meterProvider: null }],
  ])('throws a TypeError for %s', (_, host, options) => {
    expect(() => observe((host === 'host' ? newHost() : host) as ExtensionHost, options as object)).toThrow(TypeError)
  })

  it('says what to install where OpenTelemetry is missing, which nothing else needs', async () => {
    const { code, printed, stderr } = await run(
      `const Module = require('node:module')
       const resolve = Module._resolveFilename
       Module._resolveFilename = function (name, ...rest) {
         if (name === '@opentelemetry/api') throw Object.assign(new Error('none'), { code: 'MODULE_NOT_FOUND' })
         return resolve.call(this, name, ...rest)
       }
       const { observe } = require('@finos/morphir-extension-host/opentelemetry')
       const host = newHost()
       try {
         observe(host)
       } catch (error) {
         print(error.message)
       }
       const id = await load(host, 'counter')
       print(await host.call(id, 'count'))
       await host.close()`,
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(printed).toEqual([expect.stringMatching(/npm install @opentelemetry\/api/), 101])
  })

  it('is the same for import and require', () => {
    const require = createRequire(import.meta.url)
    expect((require('@finos/morphir-extension-host/opentelemetry') as { observe: unknown }).observe).toBe(observe)
  })
})
