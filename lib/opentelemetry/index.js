'use strict'

// What a host does, as traces and metrics of OpenTelemetry. It only listens: the host knows nothing of it.

const { version } = require('../../package.json')
const { wrong } = require('../arguments.js')
const { Calls } = require('./calls.js')
const { Loads } = require('./loads.js')

const NAME = '@finos/morphir-extension-host'

function observe(host, options = {}) {
  if (typeof host?.on !== 'function' || typeof host.list !== 'function')
    throw wrong('The host', 'an ExtensionHost', host)
  if (typeof options !== 'object' || options === null) throw wrong('The options', 'an object', options)
  const api = openTelemetry()
  const { tracerProvider = api.trace, meterProvider = api.metrics } = options
  if (typeof tracerProvider?.getTracer !== 'function') {
    throw wrong('tracerProvider', 'a TracerProvider', tracerProvider)
  }
  if (typeof meterProvider?.getMeter !== 'function') throw wrong('meterProvider', 'a MeterProvider', meterProvider)
  const tracer = tracerProvider.getTracer(NAME, version)
  const meter = meterProvider.getMeter(NAME, version)
  const errors = meter.createCounter('morphir.extension.error.count', { description: 'Loads and calls that failed' })
  const observers = [new Loads(host.list(), tracer, meter, errors), new Calls(tracer, meter, errors)]
  const listeners = observers.flatMap((observer) => Object.entries(observer.listeners))
  for (const [name, listener] of listeners) host.on(name, listener)
  return function stop() {
    for (const [name, listener] of listeners) host.off(name, listener)
    for (const observer of observers) observer.end()
  }
}

/** The interface of OpenTelemetry, which users of it have installed. */
function openTelemetry() {
  try {
    return require('@opentelemetry/api')
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause
    throw new Error('OpenTelemetry is missing: npm install @opentelemetry/api, and the SDK of your choice.', { cause })
  }
}

module.exports = { observe }
