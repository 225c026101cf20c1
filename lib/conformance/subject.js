'use strict'

const { createHash } = require('node:crypto')
const { readFile } = require('node:fs/promises')
const { basename } = require('node:path')
const { fileURLToPath } = require('node:url')
const { isUint8Array } = require('node:util').types
const { ExtensionHost } = require('../host.js')
const { failed, quoted } = require('./verdict.js')
const SAMPLE_IR = require('./sample-ir.json')

/** The extension under test: a host, the module, and what it is called with. */
class Subject {
  #host
  #module
  #options
  #shared
  /** What extensions logged since the current check began. */
  log = []

  /** @param {import('./index.js').ConformanceSource} source @param {import('./index.js').ConformanceOptions} options */
  static async open(source, options) {
    const subject = new Subject(options)
    subject.#module = await read(source)
    return subject
  }

  constructor(options) {
    this.#options = options
    this.#host = new ExtensionHost({
      cacheDir: options.cacheDir,
      onLog: (record) => this.log.push(record),
      logLevel: 'trace',
    })
  }

  /** The size and the hash of the module, where it could be read. */
  get module() {
    const { bytes } = this.#module.source
    if (bytes === undefined) return undefined
    return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  }

  get permissions() {
    return this.#options.permissions ?? {}
  }

  /** Loads it anew, with more or other configuration than the checks have in common. */
  async load({ permissions, ...more } = {}) {
    const { name, source } = this.#module
    const id = await this.#host.loadExtension({
      name,
      source,
      config: this.#options.config,
      functions: this.#options.functions,
      ...more,
      permissions: { ...this.permissions, ...permissions },
    })
    return new Loaded(this.#host, id)
  }

  /** The one that checks share which need no state of their own. It is loaded once, also if that fails. */
  shared() {
    this.#shared ??= this.load()
    return this.#shared
  }

  /** Params that a method is known, or hoped, to answer: those given, an example in its schema, or a small IR. */
  params(method, capabilities) {
    const { params = {} } = this.#options
    if (Object.hasOwn(params, method)) return params[method]
    const schema = capabilities.find(({ name }) => name === method)?.params_schema
    const examples = schema?.examples
    return Array.isArray(examples) && examples.length > 0 ? examples[0] : { ir: SAMPLE_IR }
  }

  /** The method that checks call where any will do. */
  method(capabilities) {
    const { method, params = {} } = this.#options
    if (method !== undefined) return method
    const names = capabilities.map(({ name }) => name).filter((name) => name !== '')
    const given = Object.keys(params).find((name) => names.includes(name))
    return ['transform', given, 'echo'].find((name) => names.includes(name)) ?? names[0]
  }

  /** What most checks are about: a loaded extension, its method, and params for it. */
  async usual(load = () => this.shared()) {
    const extension = await load()
    const method = this.method(extension.capabilities)
    if (method === undefined) throw failed('it names no method to call')
    return { extension, method, params: this.params(method, extension.capabilities) }
  }

  close() {
    return this.#host.close({ cancel: true })
  }
}

/** One loaded extension. */
class Loaded {
  #host
  #id

  constructor(host, id) {
    this.#host = host
    this.#id = id
  }

  get capabilities() {
    return this.#host.capabilities(this.#id)
  }

  /** Whether the host said no in its place: it writes the requests of the protocol with sessions around params that are JSON. */
  isSpokenFor(error) {
    return error?.code === 'SerializationError' && this.#host.stats(this.#id).dialect.startsWith('mep')
  }

  /** 1, and one more for each fault. */
  get generation() {
    return this.#host.stats(this.#id).generation
  }

  /** Whether it has a method, without waiting for what that does: an unknown one is refused before anything runs. */
  async has(method) {
    const controller = new AbortController()
    const call = this.outcome(method, '', { signal: controller.signal })
    controller.abort()
    const { error } = await call
    return error?.code !== 'MethodNotFound'
  }

  call(method, text, options) {
    return this.#host.callRaw(this.#id, method, text, options)
  }

  /** What a method answers, as text. */
  async text(method, text, options) {
    const bytes = await this.call(method, text, options)
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch (error) {
      throw failed(`\`${method}\` answered bytes that are not UTF-8`, error)
    }
  }

  /** What a method answers, read as JSON. */
  async answer(method, text, options) {
    const answer = await this.text(method, text, options)
    try {
      return JSON.parse(answer)
    } catch (error) {
      const what = answer === '' ? 'nothing' : `${quoted(answer)}, which is not JSON`
      throw failed(`\`${method}\` answered ${what}`, error)
    }
  }

  /** What became of a call: its answer's bytes, or its error. */
  async outcome(method, text, options) {
    try {
      return { bytes: await this.call(method, text, options) }
    } catch (error) {
      return { error }
    }
  }

  unload() {
    return this.#host.unloadExtension(this.#id, { cancel: true })
  }
}

/** The module and its name. It is read once, so that all checks are about the same bytes. */
async function read(source) {
  if (isUint8Array(source)) return { name: 'extension', source: { type: 'wasm', bytes: source } }
  const given = typeof source === 'string' || source instanceof URL ? { type: 'wasm', path: source } : source
  if (given?.path === undefined) return { name: 'extension', source: given }
  const path = given.path instanceof URL ? fileURLToPath(given.path) : given.path
  const { path: _, ...rest } = given
  try {
    return { name: basename(path, '.wasm'), source: { ...rest, bytes: await readFile(path) } }
  } catch {
    // The host says what is wrong with it.
    return { name: basename(String(path), '.wasm'), source: given }
  }
}

module.exports = { Subject }
