'use strict'

// Params and results as JSON text.

const { ExtensionError } = require('./error.js')

/** Params as JSON text; nothing where there are none. */
function toJson(params, { extension, method }) {
  if (params === undefined) return ''
  const code = 'SerializationError'
  const unwritable = (message, cause) => new ExtensionError({ code, message, extension, method, cause })
  let text
  try {
    text = JSON.stringify(params)
  } catch (cause) {
    throw unwritable(`The params cannot be written as JSON: ${cause.message}`, cause)
  }
  if (text === undefined) throw unwritable(`The params cannot be written as JSON: they are a ${typeof params}.`)
  return text
}

function fromJson(text, { extension, method }) {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const what = text === '' ? 'It answered nothing' : `The answer is not JSON: ${cause.message}`
    const message = `${what}. For answers that are not JSON use callRaw.`
    throw new ExtensionError({ code: 'SerializationError', message, extension, method, cause })
  }
}

/** Params as JSON text, checked where the extension was loaded so. What is checked is what is sent. */
function written(params, work) {
  const text = toJson(params, work)
  work.validation?.checkParams(text, work)
  return text
}

/** A result, checked in the same way. */
function readJson(text, work) {
  const value = fromJson(text, work)
  work.validation?.checkResult(value, text.length, work)
  return value
}

module.exports = { fromJson, readJson, written }
