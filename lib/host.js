'use strict'

const { isUint8Array } = require('node:util').types
const { Aborts } = require('./aborts.js')
const {
  callOptions,
  checkId,
  checkMethod,
  configOptions,
  configPath,
  endOptions,
  extensionConfig,
  hostOptions,
  loadOptions,
  moduleSource,
  rawInput,
  watchOptions,
  wrong,
} = require('./arguments.js')
const { clientOf } = require('./client.js')
const { loadListed } = require('./config.js')
const { ExtensionError, fromFailure } = require('./error.js')
const { Events, tell } = require('./events.js')
const { stopAtExit } = require('./exit.js')
const { Functions } = require('./functions.js')
const { fromJson, readJson, written } = require('./json.js')
const { NativeHost } = require('./native.js')
const { OwnThreads, Pool } = require('./threads.js')
const { Watchers } = require('./watch.js')

class ExtensionHost {
  #native
  #threads
  #onLog
  #events = new Events()
  #watchers = new Watchers()
  /** What guests may call, once there is something. */
  #functions
  /** Whether extensions are told to log. */
  #logs
  /** How many calls there were: each has its number, by which events and logs name it. */
  #calls = 0
  /** What was submitted and has not settled, by ticket. */
  #pending = new Map()
  /** Names and numbers of instances, by id: the core knows both, but a log line should not have to ask. */
  #loaded = new Map()
  #aborts = new Aborts((ticket) => this.#deliver(this.#native.cancel(ticket)))
  /** What settled and was not told yet. */
  #news = []
  #tells = false
  /** Tells what settled, in that order: who hears of it may cancel or unload something, and more settles by that. */
  #deliver = (settled) => {
    this.#news.push(settled)
    if (this.#tells) return
    this.#tells = true
    try {
      for (const list of this.#news) this.#settleAll(list)
    } finally {
      this.#news = []
      this.#tells = false
    }
  }

  constructor(options = {}) {
    const { native, onLog, threads, functions } = hostOptions(options)
    this.#onLog = onLog
    this.#logs = native.logLevel !== undefined
    if (functions.length > 0) native.functions = this.#newFunctions().offer(functions)
    try {
      this.#native = new NativeHost(native)
    } catch (error) {
      throw new ExtensionError({ code: error.code, message: error.message })
    }
    this.#threads =
      threads === undefined
        ? new Pool(this.#native, this.#deliver)
        : new OwnThreads(this.#native, threads, this.#deliver)
    this.#functions?.start(this.#native)
    stopAtExit(this.#native)
  }

  static fromConfig(path, options = {}) {
    return attempt(async () => {
      const { signal, validate, ...forHost } = configOptions(options)
      const host = new this(forHost)
      try {
        return { host, ...(await host.loadConfig(path, { signal, validate })) }
      } catch (error) {
        await host.close({ cancel: true })
        throw error
      }
    })
  }

  loadExtension(config, options = {}) {
    return attempt(async () => {
      const { json, bytes, name, validate, functions, network } = extensionConfig(config)
      const { signal } = loadOptions(options)
      const offered = functions.length > 0 ? this.#serve().offer(functions) : undefined
      if (network) this.#serve()
      const load = () => this.#native.load(json, bytes, offered)
      return this.#load({ name, instances: config.instances ?? 1, validate, offered }, signal, load)
    })
  }

  loadConfig(path, options = {}) {
    return attempt(async () => {
      const file = configPath(path)
      const { signal, validate } = loadOptions(options, 'loadConfig', ['signal', 'validate'])
      if (signal?.aborted) throw cancelled({ signal })
      const config = await this.#native.readConfig(file)
      if (config.code !== undefined) throw fromFailure(config)
      this.#serve()
      const result = await loadListed(config.extensions(), ({ name, instances, failure }, index) =>
        this.#load({ name, instances, validate }, signal, () => failure ?? this.#native.loadListed(config, index)),
      )
      if (!signal?.aborted) return result
      await Promise.all(result.loaded.map(({ id }) => this.unloadExtension(id, { cancel: true })))
      throw cancelled({ signal })
    })
  }

  call(id, method, params, options = {}) {
    return attempt(() => this.#call(id, method, (work) => written(params, work), false, options, readJson))
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
      const { name: extension, instances = 1, validation } = this.#loaded.get(id) ?? {}
      const work = { id, extension, method, ...callsOptions, validation, call: this.#nextCall(), thrown: [] }
      const results = Array.from(paramsList, (params) => outcome(() => written(params, work)))
      const firstFailed = () => results.findIndex((result) => result.status === 'rejected')
      await this.#events.ofCall(
        work,
        () => this.#callParts(work, results, instances),
        () => results[firstFailed()]?.reason,
      )
      if (wantsSettled) return results
      const index = firstFailed()
      if (index < 0) return results.map((result) => result.value)
      throw Object.assign(results[index].reason, { index })
    })
  }

  callSync(id, method, params, options = {}) {
    checkId(id)
    checkMethod(method)
    const { timeout } = callOptions(options, ['timeout'])
    const { name: extension, validation } = this.#loaded.get(id) ?? {}
    const work = { id, extension, method, validation, call: this.#nextCall() }
    const input = written(params, work)
    if (!this.#events.hasCalls()) return this.#callNow(work, input, timeout)
    return this.#events.ofCallNow(work, () => this.#callNow(work, input, timeout))
  }

  healthCheck(id, options = {}) {
    return attempt(() => {
      checkId(id)
      const { signal, timeout } = callOptions(options)
      const work = { id, extension: this.#loaded.get(id)?.name, method: 'health_check', signal, timeout }
      return this.#submit(
        work,
        () => this.#native.check(id, timeout),
        ({ answers: [answer] }) => this.#read(answer, work, fromJson),
      )
    })
  }

  reload(id, source, options = {}) {
    return attempt(async () => {
      checkId(id)
      const { where, bytes } = source === undefined ? {} : moduleSource(source)
      const { signal } = loadOptions(options, 'reload')
      await this.#reload(id, signal, where && JSON.stringify(where), bytes)
      if (this.#watchers.has(id)) this.#watchers.follow(id, orThrow(this.#native.sourcePath(id)))
    })
  }

  watch(id, options = {}) {
    checkId(id)
    const watched = watchOptions(options)
    const path = orThrow(this.#native.sourcePath(id))
    const extension = this.#loaded.get(id)?.name
    if (path === null) {
      const message = 'The extension was loaded from bytes: only that of a `source.path` has a file to watch.'
      throw new ExtensionError({ code: 'InvalidSource', message, extension })
    }
    const reload = async () => {
      const since = performance.now()
      await this.#reload(id)
      return { id, extension, reloaded: true, duration: performance.now() - since }
    }
    return this.#watchers.add(id, path, { ...watched, reload })
  }

  on(name, listener) {
    this.#checkLogs(name)
    this.#events.on(name, listener)
    return this
  }

  once(name, listener) {
    this.#checkLogs(name)
    this.#events.once(name, listener)
    return this
  }

  off(name, listener) {
    this.#events.off(name, listener)
    return this
  }

  capabilities(id) {
    checkId(id)
    return JSON.parse(orThrow(this.#native.capabilities(id)))
  }

  client(id) {
    return clientOf(this, id)
  }

  stats(id) {
    checkId(id)
    return orThrow(this.#native.stats(id))
  }

  metrics() {
    return this.#native.metrics()
  }

  list() {
    return this.#native.list().map(({ id, name, capabilities, stats }) => ({
      id,
      name,
      protocol: 'extism',
      dialect: stats.dialect,
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
      this.#watchers.close(id)
      this.#deliver(this.#native.unload(id, cancel))
      await this.#allSettled((work) => work.id === id)
      this.#forget(id)
    })
  }

  close(options = {}) {
    return attempt(async () => {
      const { cancel = false } = endOptions(options)
      this.#watchers.closeAll()
      this.#deliver(this.#native.close(cancel))
      await this.#allSettled(() => true)
      for (const id of this.#loaded.keys()) this.#forget(id)
      this.#threads.end()
    })
  }

  [Symbol.asyncDispose]() {
    return this.close()
  }

  async #load({ name, instances, validate, offered = [] }, signal, submit) {
    const work = { extension: name, signal }
    try {
      return await this.#events.ofLoad(work, () =>
        this.#submit(work, submit, ({ id }) => {
          const validation = validate ? this.#validation(id, name) : undefined
          this.#loaded.set(id, { name, instances, validation, offered })
          return id
        }),
      )
    } catch (error) {
      this.#functions?.withdraw(offered)
      throw error
    }
  }

  #newFunctions() {
    // Only for those who want it: Node's clients take as long to load as all the rest.
    const request = (...asked) => require('./network.js').request(...asked)
    this.#functions = new Functions((ticket) => this.#pending.get(ticket), request)
    return this.#functions
  }

  /** Begins to answer what guests ask, unless it has begun. */
  #serve() {
    if (this.#functions === undefined) this.#newFunctions().start(this.#native)
    return this.#functions
  }

  /** The schemas of an extension that was just loaded; where one cannot be checked, it is not loaded after all. */
  #validation(id, extension) {
    // Only for those who want it: loading the package should cost little.
    const { Validation, Unusable } = require('./validation.js')
    const validation = new Validation(() => this.capabilities(id))
    try {
      validation.read()
      return validation
    } catch (cause) {
      this.#deliver(this.#native.unload(id, true))
      if (!(cause instanceof Unusable)) throw cause
      throw new ExtensionError({
        code: 'InitializationFailed',
        message: cause.message,
        extension,
        method: 'capabilities',
      })
    }
  }

  /** Loads an extension anew, from a new source where there is one. */
  async #reload(id, signal, json, bytes) {
    const work = { id, extension: this.#loaded.get(id)?.name, signal, reloads: true }
    const reloaded = await this.#events.ofLoad(work, () =>
      this.#submit(
        work,
        () => this.#native.reload(id, json, bytes),
        () => id,
      ),
    )
    this.#loaded.get(id)?.validation?.forget()
    return reloaded
  }

  /** What is unloaded has no name any more. */
  #forget(id) {
    const { name: extension, offered = [] } = this.#loaded.get(id) ?? {}
    this.#functions?.withdraw(offered)
    if (this.#loaded.delete(id) && this.#events.has('extension.unloaded')) {
      this.#events.tell('extension.unloaded', { id, extension })
    }
  }

  #nextCall() {
    this.#calls += 1
    return this.#calls
  }

  /** Extensions learn when they are loaded whether to log: a listener that comes without this would wait in vain. */
  #checkLogs(name) {
    if (name === 'log' && !this.#logs) {
      throw new TypeError(
        'This host tells its extensions not to log: make it with `logLevel`, as in new ExtensionHost({ logLevel: "info" }).',
      )
    }
  }

  #callNow(work, input, timeout) {
    const functions = this.#functions
    const now = functions && ((asked) => functions.answerNow(asked, work))
    const answered = this.#native.callNow(work.id, work.method, input, timeout, now)
    if (!Array.isArray(answered)) throw this.#error(answered, work)
    const [settled, answer] = answered
    if (typeof settled !== 'object') return this.#read(answer, work, readJson)
    if (settled.log !== undefined) this.#log(settled, work)
    return this.#read(settled.answers[0], work, readJson)
  }

  #call(id, method, input, raw, options, read) {
    checkId(id)
    checkMethod(method)
    const { signal, timeout } = callOptions(options)
    const { name: extension, validation } = this.#loaded.get(id) ?? {}
    const work = { id, extension, method, signal, timeout, validation, call: this.#nextCall() }
    const bytes = input(work)
    return this.#events.ofCall(work, () =>
      this.#submit(
        work,
        () => this.#native.submit(id, method, bytes, raw, timeout),
        ({ answers: [answer] }) => this.#read(answer, work, read),
      ),
    )
  }

  /** Calls a method with each of the `results` that holds params as text, and puts there what became of it. */
  async #callParts(work, results, instances) {
    const { id, method, signal, timeout } = work
    // What cannot be written keeps nothing else from being called.
    const written = [...results.keys()].filter((index) => results[index].status === 'fulfilled')
    const parts = split(written, instances)
    if (parts.length === 0) return
    if (signal?.aborted) throw cancelled(work)
    const inputs = parts.map((part) => part.map((index) => results[index].value))
    const tickets = this.#native.submitParts(id, method, inputs, timeout)
    if (!Array.isArray(tickets)) throw this.#error(tickets, work)
    const settled = parts.map((part, number) => {
      let place = 0
      const take = (answers) => {
        for (const answer of answers) {
          results[part[place]] = outcome(() => this.#read(answer, work, readJson))
          place += 1
        }
      }
      return this.#submit(
        { ...work, take },
        () => tickets[number],
        ({ answers }) => take(answers),
      )
    })
    await Promise.all(settled)
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

  #settleAll(settled) {
    for (let index = 0; index < settled.length; index += 1) {
      const work = settled[index]
      if (typeof work === 'object') this.#settle(work)
      // A call with one answer and no log comes as its ticket and its answer.
      else this.#settle({ ticket: work, answers: [settled[(index += 1)]] })
    }
  }

  #settle(settled) {
    const work = this.#pending.get(settled.ticket)
    if (work === undefined) return
    if (settled.portion !== undefined) {
      if (settled.log !== undefined) this.#log(settled, work)
      work.take(settled.portion)
      return
    }
    this.#pending.delete(settled.ticket)
    if (this.#pending.size === 0) this.#threads.busy(false)
    const { signal } = work
    if (signal !== undefined) this.#aborts.remove(signal, settled.ticket)
    clearTimeout(work.timer)
    if (settled.log !== undefined) this.#log(settled, work)
    try {
      // Taken back is taken back, even where the answer was on its way already; but a reload that is done is done.
      if (signal?.aborted && !(work.reloads && settled.failure === undefined)) {
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
    const listens = this.#events.has('log')
    if (this.#onLog === undefined && !listens) return
    for (const { level, message } of log) {
      const record = { level, message, extension: work.extension, id: work.id ?? id, method: work.method }
      if (this.#onLog !== undefined) tell(this.#onLog, record)
      if (listens) this.#events.tell('log', { ...record, call: work.call })
    }
  }

  #read(answer, work, read) {
    // Bytes are of Node's own realm, which in some test runners is not this one.
    const isFailure = typeof answer === 'object' && !isUint8Array(answer)
    if (isFailure) throw this.#error(answer, work)
    return read(answer, work)
  }

  #error(failure, { extension, method, thrown }) {
    // What a function of the application's own threw is more than its message.
    return fromFailure(failure, { extension, method, cause: thrown?.[failure.thrown] })
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

/** Splits a list into at most `count` parts of about the same length, in order. */
function split(list, count) {
  const length = Math.ceil(list.length / Math.min(count, Math.max(list.length, 1)))
  const parts = []
  for (let start = 0; start < list.length; start += length) parts.push(list.slice(start, start + length))
  return parts
}

module.exports = { ExtensionHost }
