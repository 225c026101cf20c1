'use strict'

const { DURATIONS, attributesOf, codeOf, failed } = require('./attributes.js')

/** A span for each load and reload, how long they took, and how many extensions there are. */
class Loads {
  #tracer
  #errors
  #duration
  #count
  /** Those that are counted. */
  #ids

  constructor(list, tracer, meter, errors) {
    this.#tracer = tracer
    this.#errors = errors
    this.#duration = meter.createHistogram('morphir.extension.load.duration_ms', {
      description: 'How long extensions took to load, waiting included',
      ...DURATIONS,
    })
    this.#count = meter.createUpDownCounter('morphir.extension.count', { description: 'Loaded extensions' })
    this.#ids = new Set(list.map(({ id }) => id))
    if (this.#ids.size > 0) this.#count.add(this.#ids.size)
  }

  listeners = {
    'extension.loaded': (event) => {
      const { id, extension, reloaded, duration } = event
      this.#span(event, Date.now() - duration).end()
      this.#duration.record(duration, { extension })
      if (reloaded || this.#ids.has(id)) return
      this.#ids.add(id)
      this.#count.add(1)
    },
    'extension.failed': (event) => {
      failed(this.#span(event), event.error)
      const { extension } = event
      this.#errors.add(1, { ...(extension !== undefined && { extension }), code: codeOf(event.error) })
    },
    'extension.unloaded': ({ id }) => {
      if (this.#ids.delete(id)) this.#count.add(-1)
    },
  }

  /** By itself: when a load is told of, nothing is left of what was current when it was asked for. */
  #span(event, startTime) {
    const attributes = { ...attributesOf(event), 'morphir.extension.reload': event.reloaded ?? event.id !== undefined }
    return this.#tracer.startSpan('morphir.extension.load', { root: true, startTime, attributes })
  }

  /** They are no more counted here. */
  end() {
    if (this.#ids.size > 0) this.#count.add(-this.#ids.size)
    this.#ids.clear()
  }
}

module.exports = { Loads }
