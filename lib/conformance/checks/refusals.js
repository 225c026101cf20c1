'use strict'

const { isDeepStrictEqual } = require('node:util')
const { failed, inWords, quoted, skipped } = require('../verdict.js')

const NOT_JSON = 'This is not JSON.'
const UNKNOWN = 'conformance: there is no such method'
/** What the host says for an extension that only returned a code. */
const WITHOUT_WORDS = /^The extension returned the code -?\d+ without saying why\.$/

async function error(subject) {
  const { extension, method } = await reader(subject)
  const { error } = await extension.outcome(method, NOT_JSON)
  if (extension.isSpokenFor(error)) throw skipped('its host refuses what is not JSON, before the extension sees it')
  if (error === undefined) throw failed(`\`${method}\` answered ${quoted(NOT_JSON)} as if it were JSON`)
  checkError(error, NOT_JSON)
  return quoted(error.message)
}

/** An extension says what is wrong with params; it does not break on them. */
function checkError(error, params) {
  if (error.code !== 'ExtensionError') throw failed(`given ${quoted(params)} it ended as ${inWords(error)}`, error)
  if (error.message.trim() === '' || WITHOUT_WORDS.test(error.message)) {
    throw failed(`given ${quoted(params)} it returned an error without a message`, error)
  }
  if (error.message.includes('\uFFFD')) {
    throw failed(`given ${quoted(params)} the message of its error is not UTF-8: ${quoted(error.message)}`, error)
  }
}

async function unknownMethod(subject) {
  const { extension, method, params } = await subject.usual()
  const { error } = await extension.outcome(UNKNOWN, JSON.stringify(params))
  if (error === undefined) throw failed(`it answered a call of ${quoted(UNKNOWN)}`)
  if (error.code !== 'MethodNotFound') throw error
  await extension.answer(method, JSON.stringify(params))
}

async function malformed(subject) {
  // Anew: what an earlier check refused may have left something behind.
  const { extension, method, params } = await reader(subject, () => subject.load())
  const text = JSON.stringify(params)
  const expected = await extension.answer(method, text)
  const inputs = ['', '{', text.slice(0, Math.floor(text.length / 2)), ...otherTypes(params)]
  for (const input of inputs) {
    const { error } = await extension.outcome(method, input)
    if (error === undefined) throw failed(`\`${method}\` answered ${quoted(input)} as if it were its params`)
    if (!extension.isSpokenFor(error)) checkError(error, input)
    if (!isDeepStrictEqual(await extension.answer(method, text), expected)) {
      throw failed(`after ${quoted(input)}, \`${method}\` answered its usual params differently`)
    }
  }
  await extension.unload()
  return `${inputs.length} of them`
}

/** JSON of types that a method cannot take that takes these params. */
function otherTypes(params) {
  const all = [null, 5, 'text', [], {}].filter((value) => typeOf(value) !== typeOf(params))
  if (typeOf(params?.ir) === 'object') all.push({ ...params, ir: 5 })
  return all.map((value) => JSON.stringify(value))
}

function typeOf(value) {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** A method that has to read its params. */
async function reader(subject, load) {
  const usual = await subject.usual(load)
  if (usual.method === 'echo') throw skipped('`echo` need not read its params; name a method that does')
  return usual
}

module.exports = { error, malformed, unknownMethod }
