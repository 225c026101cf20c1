'use strict'

/** `SpanStatusCode.ERROR`, which is part of the protocol. */
const ERROR = 2

/** Calls take microseconds, loads seconds. */
const DURATIONS = {
  unit: 'ms',
  advice: {
    explicitBucketBoundaries: [
      0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
    ],
  },
}

/** What a span says of the extension. */
function attributesOf({ id, extension, method }) {
  return {
    ...(extension !== undefined && { 'morphir.extension.name': extension }),
    ...(id !== undefined && { 'morphir.extension.id': id }),
    ...(method !== undefined && { 'morphir.extension.method': method }),
  }
}

/** An error's stable name. */
function codeOf(error) {
  return error.code ?? error.name
}

/** Ends a span with an error. */
function failed(span, error) {
  span.setAttribute('error.type', codeOf(error))
  span.setStatus({ code: ERROR, message: error.message })
  span.recordException(error)
  span.end()
}

module.exports = { DURATIONS, attributesOf, codeOf, failed }
