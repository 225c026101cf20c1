'use strict'

const { isDeepStrictEqual } = require('node:util')
const { grown } = require('../payload.js')
const { failed, inWords } = require('../verdict.js')

const MIB = 2 ** 20
/** The payloads that are tried until a call takes longer than its deadline. */
const GROWING = [0, 50_000, 500_000, 4_000_000]
/** Milliseconds: nothing else can be asked of a `timeout` that is to hit every extension. */
const DEADLINE = 1
/** How often: a call can run out of time before it has started, which stops nothing. */
const ATTEMPTS = 3
/** Milliseconds within which a stopped call and the next one are over, on the slowest machine. */
const PATIENCE = 10_000

/** Milliseconds for a call that is to use up its memory; a slow extension need not get that far. */
const LONG_ENOUGH = 5000

/** How an extension may end that is given more than it can take. */
const REFUSALS = new Set(['MemoryLimit', 'ExtensionError', 'FuelExhausted'])

/** The least memory that is tried, and the most. */
const LEAST_GRANT = 2 * MIB
const MOST_GRANT = 128 * MIB

async function timeout(subject) {
  const { extension, method, params } = await subject.usual(() => subject.load())
  const usual = JSON.stringify(params)
  const expected = await extension.answer(method, usual)
  for (const size of GROWING) {
    const input = grown(params, size)
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { generation } = extension
      const since = performance.now()
      const { error } = await extension.outcome(method, input, { timeout: DEADLINE })
      if (error === undefined) break
      await goesOn(extension, method, usual, expected)
      // It is not asked to take that much, only to be stopped.
      if (REFUSALS.has(error.code)) return `too quick to be stopped before it refuses ${bytes(size)}`
      if (error.code !== 'Timeout') throw error
      const took = performance.now() - since
      if (took > PATIENCE) throw failed(`stopping it and calling it again took ${Math.round(took)} ms`)
      if (extension.generation > generation) return `stopped at ${size === 0 ? 'its usual params' : bytes(size)}`
    }
  }
  return 'too quick to be stopped'
}

/** The extension answers what it answered before. */
async function goesOn(extension, method, usual, expected) {
  let answer
  try {
    answer = await extension.answer(method, usual)
  } catch (error) {
    throw failed(`the next call failed: ${error.code === undefined ? error.message : inWords(error)}`, error)
  }
  if (!isDeepStrictEqual(answer, expected)) throw failed('the next call answered its usual params differently')
}

async function memory(subject) {
  const { extension, method, params, usual, first, grant } = await small(subject)
  const roomy = await subject.load()
  const ends = new Set()
  for (const size of [grant / 16, grant / 8, grant / 4, grant / 2, grant]) {
    const input = grown(params, size)
    const options = { timeout: LONG_ENOUGH }
    const { bytes: answered, error } = await extension.outcome(method, input, options)
    if (error === undefined) {
      const { bytes: right } = await roomy.outcome(method, input, options)
      if (right !== undefined && !sameJson(answered, right)) {
        throw failed(`short of memory, \`${method}\` answered ${bytes(size)} of params differently than with enough`)
      }
    } else {
      if (!REFUSALS.has(error.code) && error.code !== 'Timeout') throw error
      ends.add(error.code)
    }
    await goesOn(extension, method, usual, first)
  }
  await Promise.all([extension.unload(), roomy.unload()])
  return `${[...ends].join(', ')} with ${bytes(grant)} of memory`
}

async function recovery(subject) {
  // What it answered first, it answered just after `initialize`.
  const { extension, method, params, usual, first, grant } = await small(subject)
  const { generation } = extension
  // Params that do not fit into its memory: a fault of which the extension need know nothing.
  const { error } = await extension.outcome(method, grown(params, grant))
  if (error?.code !== 'MemoryLimit') throw failed(`params as large as its memory ended as ${told(error)}`, error)
  await goesOn(extension, method, usual, first)
  if (extension.generation === generation) throw failed('it was not started anew')
  await extension.unload()
}

/** Loads the extension with little memory, the least that is enough for its usual params, and calls it with those. */
async function small(subject) {
  let grant = LEAST_GRANT
  for (;;) {
    try {
      const found = await subject.usual(() => subject.load({ permissions: granted(grant) }))
      const usual = JSON.stringify(found.params)
      const first = await found.extension.answer(found.method, usual)
      return { ...found, usual, first, grant }
    } catch (error) {
      // What does not fit is refused when it is loaded, or ends when it runs.
      if (!['MemoryLimit', 'InvalidSource', 'ExtensionError'].includes(error.code) || grant >= MOST_GRANT) throw error
      grant *= 2
    }
  }
}

function granted(grant) {
  return { maxMemory: grant, max_memory: undefined }
}

function sameJson(one, other) {
  try {
    return isDeepStrictEqual(JSON.parse(Buffer.from(one).toString()), JSON.parse(Buffer.from(other).toString()))
  } catch {
    return false
  }
}

function told(error) {
  return error === undefined ? 'an answer' : inWords(error)
}

function bytes(size) {
  return size >= MIB ? `${size / MIB} MiB` : `${Math.round(size / 1000)} kB`
}

module.exports = { memory, recovery, timeout }
