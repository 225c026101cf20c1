'use strict'

const { isUint8Array } = require('node:util').types
const { NativeHost } = require('../binding.js')
const { Aborts } = require('./aborts.js')
const {
  callOptions,
  checkId,
  checkMethod,
  endOptions,
  extensionConfig,
  hostOptions,
  loadOptions,
  rawInput,
  wrong,
} = require('./arguments.js')
const { ExtensionError, fromFailure } = require('./error.js')
const { stopAtExit } = require('./exit.js')
const { OwnThreads, Pool } = require('./threads.js')

class ExtensionHost {
  #native
  #threads
  #onLog
  /** What was submitted and has not settled, by ticket. */
  #pending = new Map()
  /** Names and numbers of instances, by id: the core knows both, but a log line should not have to ask. */
  #loaded = new Map()
  #aborts = new Aborts((ticket) => this.#deliver(this.#native.cancel(ticket)))
  #deliver = (settled) => {
    for (const work of settled) this.#settle(work)
  }

  constructor(options = {}) {
    const { native, onLog, threads } = hostOptions(options)
    this.#onLog = onLog
    try {
      this.#native = new NativeHost(native)
    } catch (error) {
      throw new ExtensionError({ code: error.code, message: error.message })
    }
    this.#threads =
      threads === undefined
        ? new Pool(this.#native, this.#deliver)
        : new OwnThreads(this.#native, threads, this.#deliver)
    stopAtExit(this.#native)
  }

  loadExtension(config, options = {}) {
    return attempt(async () => {
      const { json, bytes, name } = extensionConfig(config)
      const { signal } = loadOptions(options)
      const work = { extension: name, signal }
      const id = await this.#submit(
        work,
        () => this.#native.load(json, bytes),
        (settled) => settled.id,
      )
      this.#loaded.set(id, { name, instances: config.instances ?? 1 })
      return id
    })
  }

  call(id, method, params, options = {}) {
    return attempt(() => this.#call(id, method, (work) => toJson(params, work), false, options, fromJson))
  }

  callRaw(id, method, input = '', options = {}) {
    return attempt(() =>
      this.#call(
        id,
        method,
        () => rawInput(input),
        true,
        options,
        (answer) => answer,
      ),
    )
  }

  callMany(id, method, paramsList, options = {}) {
    return attempt(async () => {
      if (!Array.isArray(paramsList)) throw wrong('The list of params', 'an array', paramsList)
      const { settled: wantsSettled = false, ...callsOptions } = callOptions(options, ['signal', 'timeout', 'settled'])
      if (typeof wantsSettled !== 'boolean') throw wrong('settled', 'a boolean', wantsSettled)
      checkId(id)
      checkMethod(method)
      const { name: extension, instances = 1 } = this.#loaded.get(id) ?? {}
      const work = { id, extension, method, ...callsOptions }
      const results = Array.from(paramsList, (params) => outcome(() => toJson(params, work)))
      // What cannot be written keeps nothing else from being called.
      const written = [...results.keys()].filter((index) => results[index].status === 'fulfilled')
      const parts = split(written, instances).map(async (part) => {
        const outcomes = await this.#callPart(
          { ...work },
          part.map((index) => results[index].value),
        )
        for (const [place, index] of part.entries()) results[index] = outcomes[place]
      })
      await Promise.all(parts)
      if (wantsSettled) return results
      const failed = results.findIndex((result) => result.status === 'rejected')
      if (failed < 0) return results.map((result) => result.value)
      throw Object.assign(results[failed].reason, { index: failed })
    })
  }

  callSync(id, method, params, options = {}) {
    checkId(id)
    checkMethod(method)
    const { timeout } = callOptions(options, ['timeout'])
    const work = { id, extension: this.#loaded.get(id)?.name, method }
    const answered = this.#native.callNow(id, method, toJson(params, work), timeout)
    if (!Array.isArray(answered)) throw this.#error(answered, work)
    const [settled] = answered
    if (settled.log !== undefined) this.#log(settled, work)
    return this.#read(settled.answers[0], work, fromJson)
  }

  capabilities(id) {
    checkId(id)
    return JSON.parse(orThrow(this.#native.capabilities(id)))
  }

  stats(id) {
    checkId(id)
    return orThrow(this.#native.stats(id))
  }

  list() {
    return this.#native.list().map(({ id, name, capabilities, stats }) => ({
      id,
      name,
      protocol: 'extism',
      capabilities: JSON.parse(capabilities),
      callCount: stats.calls,
      errorCount: stats.errors,
      uptime: stats.uptime,
    }))
  }

  unloadExtension(id, options = {}) {
    return attempt(async () => {
      checkId(id)
      const { cancel = false } = endOptions(options)
      this.#deliver(this.#native.unload(id, cancel))
      await this.#allSettled((work) => work.id === id)
      this.#loaded.delete(id)
    })
  }

  close(options = {}) {
    return attempt(async () => {
      const { cancel = false } = endOptions(options)
      this.#deliver(this.#native.close(cancel))
      await this.#allSettled(() => true)
      this.#loaded.clear()
      this.#threads.end()
    })
  }

  [Symbol.asyncDispose]() {
    return this.close()
  }

  #call(id, method, input, raw, options, read) {
    checkId(id)
    checkMethod(method)
    const { signal, timeout } = callOptions(options)
    const work = { id, extension: this.#loaded.get(id)?.name, method, signal, timeout }
    const bytes = input(work)
    return this.#submit(
      work,
      () => this.#native.submit(id, method, bytes, raw, timeout),
      ({ answers: [answer] }) => this.#read(answer, work, read),
    )
  }

  /** Part of `callMany`: one trip, an outcome for each input. */
  #callPart(work, inputs) {
    const { id, method, timeout } = work
    return this.#submit(
      work,
      () => this.#native.submit(id, method, inputs, false, timeout),
      ({ answers }) => answers.map((answer) => outcome(() => this.#read(answer, work, fromJson))),
    )
  }

  /** Submits work to the core and answers a promise for what `read` makes of its outcome. */
  #submit(work, submit, read) {
    const { signal, timeout } = work
    if (signal?.aborted) return Promise.reject(cancelled(work))
    const ticket = submit()
    if (typeof ticket !== 'number') return Promise.reject(this.#error(ticket, work))
    work.ticket = ticket
    work.read = read
    work.promise = new Promise((resolve, reject) => {
      work.resolve = resolve
      work.reject = reject
    })
    this.#pending.set(ticket, work)
    if (this.#pending.size === 1) this.#threads.busy(true)
    if (signal !== undefined) this.#aborts.add(signal, ticket)
    if (timeout !== undefined) {
      work.timer = setTimeout(() => this.#deliver(this.#native.expire(ticket)), timeout)
    }
    this.#threads.lend()
    return work.promise
  }

  #settle(settled) {
    const work = this.#pending.get(settled.ticket)
    if (work === undefined) return
    this.#pending.delete(settled.ticket)
    if (this.#pending.size === 0) this.#threads.busy(false)
    const { signal } = work
    if (signal !== undefined) this.#aborts.remove(signal, settled.ticket)
    clearTimeout(work.timer)
    if (settled.log !== undefined) this.#log(settled, work)
    try {
      // Taken back is taken back, even where the answer was on its way already.
      if (signal?.aborted) {
        if (settled.id !== undefined) this.#deliver(this.#native.unload(settled.id, true))
        throw cancelled(work)
      }
      if (settled.failure !== undefined) throw this.#error(settled.failure, work)
      work.resolve(work.read(settled))
    } catch (error) {
      work.reject(error)
    }
  }

  #log({ log, id = undefined }, work) {
    for (const { level, message } of log) {
      const record = { level, message, extension: work.extension, id: work.id ?? id, method: work.method }
      try {
        this.#onLog(record)
      } catch (error) {
        // A listener's mistake must not keep a call from settling; it is reported as any uncaught error is.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #read(answer, work, read) {
    // Bytes are of Node's own realm, which in some test runners is not this one.
    const isFailure = typeof answer === 'object' && !isUint8Array(answer)
    if (isFailure) throw this.#error(answer, work)
    return read(answer, work)
  }

  #error(failure, { extension, method }) {
    return fromFailure(failure, { extension, method })
  }

  async #allSettled(concerns) {
    const promises = [...this.#pending.values()].filter(concerns).map((work) => work.promise)
    await Promise.allSettled(promises)
  }
}

/** Runs the work of an asynchronous method: whatever it throws rejects its promise. */
function attempt(work) {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}

function cancelled({ extension, method, signal }) {
  const message = method === undefined ? 'The load was cancelled.' : 'The call was cancelled.'
  return new ExtensionError({ code: 'Cancelled', message, extension, method, cause: signal.reason })
}

/** What became of some work, as `Promise.allSettled` says it. */
function outcome(work) {
  try {
    return { status: 'fulfilled', value: work() }
  } catch (reason) {
    return { status: 'rejected', reason }
  }
}

function orThrow(answer) {
  if (typeof answer === 'object' && answer !== null && 'code' in answer) throw fromFailure(answer)
  return answer
}

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

/** Splits a list into at most `count` parts of about the same length, in order. */
function split(list, count) {
  const length = Math.ceil(list.length / Math.min(count, Math.max(list.length, 1)))
  const parts = []
  for (let start = 0; start < list.length; start += length) parts.push(list.slice(start, start + length))
  return parts
}

module.exports = { ExtensionHost }
