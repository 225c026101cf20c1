'use strict'

const { DURATIONS, attributesOf, codeOf, failed } = require('./attributes.js')

/** A method that is not there has any name: each would be a series of its own. */
const OF_NO_METHOD = new Set(['NotFound', 'MethodNotFound'])

/** A span for each call, how many there were, and how long they took. */
class Calls {
  #tracer
  #errors
  #count
  #duration
  /** Of calls that have not ended, by their numbers. */
  #spans = new Map()

  constructor(tracer, meter, errors) {
    this.#tracer = tracer
    this.#errors = errors
    this.#count = meter.createCounter('morphir.extension.call.count', { description: 'Calls that ended' })
    this.#duration = meter.createHistogram('morphir.extension.call.duration_ms', {
      description: 'From the call to its answer, waiting included',
      ...DURATIONS,
    })
  }

  listeners = {
    'extension.call.started': (event) => {
      // Told while the caller calls, so what is current is the caller's span.
      this.#spans.set(event.call, this.#tracer.startSpan('morphir.extension.call', { attributes: attributesOf(event) }))
    },
    'extension.call.completed': (event) => {
      this.#taken(event)?.end()
      this.#ended(event, 'success')
    },
    'extension.call.failed': (event) => {
      const span = this.#taken(event)
      if (span !== undefined) failed(span, event.error)
      const code = codeOf(event.error)
      const counted = OF_NO_METHOD.has(code) ? { ...event, method: undefined } : event
      this.#ended(counted, 'error')
      this.#errors.add(1, { ...labels(counted), code })
    },
  }

  #taken({ call }) {
    const span = this.#spans.get(call)
    this.#spans.delete(call)
    return span
  }

  #ended(event, status) {
    this.#count.add(1, { ...labels(event), status })
    this.#duration.record(event.duration, labels(event))
  }

  /** Nobody will hear of what still runs. */
  end() {
    for (const span of this.#spans.values()) span.end()
    this.#spans.clear()
  }
}

function labels({ extension, method }) {
  return { ...(extension !== undefined && { extension }), ...(method !== undefined && { method }) }
}

module.exports = { Calls }
