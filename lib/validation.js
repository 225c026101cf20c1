'use strict'

// Whether params and results are what an extension's own schemas say. Those were written by somebody else: see lib/schema.

const { ExtensionError } = require('./error.js')
const { TooMuch, faultOf } = require('./schema/check.js')
const { Unusable, readSchema } = require('./schema/read.js')

/** So many steps a check may take, and so many for each character: more than reasonable schemas need. */
const STEPS = 100_000
const STEPS_PER_CHARACTER = 4

/** The schemas of an extension, by method. */
class Validation {
  #capabilities
  #schemas

  /** @param {() => object[]} capabilities the extension's, asked for when they are needed */
  constructor(capabilities) {
    this.#capabilities = capabilities
  }

  /** Reads the schemas; throws an `Unusable` for one that cannot be checked. */
  read() {
    this.#schemas ??= new Map(this.#capabilities().map((capability) => [capability.name, schemasOf(capability)]))
    return this.#schemas
  }

  /** They may be others now. */
  forget() {
    this.#schemas = undefined
  }

  /** Refuses params that are not what the method says. @param {string} text as JSON; empty where there are none */
  checkParams(text, work) {
    const schema = this.#of(work)?.params
    if (schema === undefined) return
    const fault = found(schema, text === '' ? null : JSON.parse(text), 'params', text.length, work)
    if (fault === undefined) return
    const none = text === '' ? '; the call has none' : ''
    throw failure('SerializationError', `The params are not what \`${work.method}\` takes: ${fault}${none}.`, work)
  }

  /** Refuses a result that is not what the method says. */
  checkResult(value, length, work) {
    const schema = this.#of(work)?.result
    if (schema === undefined) return
    const fault = found(schema, value, 'result', length, work)
    if (fault === undefined) return
    throw failure('ProtocolError', `The result is not what \`${work.method}\` says that it answers: ${fault}.`, work)
  }

  #of(work) {
    try {
      return this.read().get(work.method)
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      throw failure('ProtocolError', error.message, work)
    }
  }
}

function schemasOf({ name, params_schema: params, return_schema: result }) {
  const read = (raw, key) => {
    if (raw === undefined) return undefined
    try {
      return readSchema(raw)
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      throw new Unusable(`The ${key} of ${JSON.stringify(name.slice(0, 80))} cannot be checked: ${error.message}.`)
    }
  }
  return { params: read(params, 'params_schema'), result: read(result, 'return_schema') }
}

function found(schema, value, name, length, work) {
  try {
    return faultOf(schema, value, name, STEPS + STEPS_PER_CHARACTER * length)
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    throw failure(
      'ProtocolError',
      `To check the ${name} takes too long: the schema of \`${work.method}\` is too intricate.`,
      work,
    )
  }
}

function failure(code, message, { extension, method }) {
  return new ExtensionError({ code, message, extension, method })
}

module.exports = { Unusable, Validation }
