'use strict'

// Arguments of the wrong type are a programmer's mistake: a TypeError that names the argument, before anything starts.

const { resolve } = require('node:path')
const { fileURLToPath } = require('node:url')
const { isUint8Array } = require('node:util').types

/** The longest timeout, in milliseconds: a day, as the core has it; timers overflow at 24.8 days. */
const MAX_TIMEOUT = 86_400_000
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error']

function describe(value) {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  const type = typeof value
  if (type === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`
  if (type === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`
  return type === 'undefined' ? 'undefined' : `${type} ${String(value)}`
}

function wrong(name, expected, value) {
  return new TypeError(`${name} must be ${expected}; it is ${describe(value)}.`)
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkObject(name, value) {
  if (!isObject(value)) throw wrong(name, 'an object', value)
}

function checkKeys(name, value, allowed) {
  const unknown = Object.keys(value).find((key) => !allowed.includes(key))
  if (unknown !== undefined) {
    throw new TypeError(`${name} has no option ${JSON.stringify(unknown)}; it has ${allowed.join(', ')}.`)
  }
}

function checkId(id) {
  if (!Number.isSafeInteger(id) || id < 0) throw wrong('The extension id', 'a number from loadExtension', id)
}

function checkMethod(method) {
  if (typeof method !== 'string' || method === '') throw wrong('The method', 'a string that is not empty', method)
}

function checkSignal(signal) {
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw wrong('signal', 'an AbortSignal', signal)
  }
}

function checkCount(name, count) {
  if (count === undefined) return
  if (typeof count !== 'number') throw wrong(name, 'a number', count)
  if (!Number.isInteger(count) || count < 1 || count > 1024) {
    throw new RangeError(`${name} must be a whole number from 1 to 1024; it is ${count}.`)
  }
}

/** What a host is set up with. */
function hostOptions(options) {
  checkObject('The options of ExtensionHost', options)
  checkKeys('ExtensionHost', options, [
    'cacheDir',
    'maxConcurrentCalls',
    'threads',
    'onLog',
    'logLevel',
    'functions',
    'workspace',
  ])
  const { cacheDir, maxConcurrentCalls, threads, onLog, logLevel, functions, workspace } = options
  if (cacheDir !== undefined && typeof cacheDir !== 'boolean' && (typeof cacheDir !== 'string' || cacheDir === '')) {
    throw wrong('cacheDir', 'a directory, or false for none', cacheDir)
  }
  checkCount('maxConcurrentCalls', maxConcurrentCalls)
  checkCount('threads', threads)
  if (maxConcurrentCalls !== undefined && threads !== undefined) {
    throw new TypeError('Give maxConcurrentCalls or threads: with threads of its own, a host runs one call on each.')
  }
  if (onLog !== undefined && typeof onLog !== 'function') throw wrong('onLog', 'a function', onLog)
  if (logLevel !== undefined && !LOG_LEVELS.includes(logLevel)) {
    throw wrong('logLevel', `one of ${LOG_LEVELS.join(', ')}`, logLevel)
  }
  const native = {
    cacheDir,
    maxConcurrentCalls: threads ?? maxConcurrentCalls,
    logLevel: logLevel ?? (onLog && 'info'),
    workspace: workspaceOf(workspace),
  }
  return { native, onLog, threads, functions: functionsOf(functions) }
}

/** What Morphir's extensions are told about the workspace. */
function workspaceOf(workspace) {
  if (workspace === undefined) return undefined
  checkObject('workspace', workspace)
  checkKeys('workspace', workspace, ['root', 'outputDir'])
  const { root, outputDir } = workspace
  return { root: directory('workspace.root', root), outputDir: directory('workspace.outputDir', outputDir) }
}

function directory(name, path) {
  if (path === '') throw wrong(name, 'a path or a file: URL', path)
  const text = filePath(name, path)
  return text === undefined ? undefined : resolve(text)
}

/** Functions for guests, as a list. */
function functionsOf(functions) {
  if (functions === undefined) return []
  checkObject('functions', functions)
  return Object.entries(functions).flatMap(([namespace, names]) => {
    checkObject(`functions[${JSON.stringify(namespace)}]`, names)
    return Object.entries(names).map(([name, given]) => {
      const where = `functions[${JSON.stringify(namespace)}][${JSON.stringify(name)}]`
      const { form, call } = functionOf(where, given)
      return { namespace, name, form, call }
    })
  })
}

const FORMS = new Set(['json', 'text', 'bytes'])

/** A function, and the form of what it is given and answers. */
function functionOf(where, given) {
  if (typeof given === 'function') return { form: 'json', call: given }
  const [form, ...others] = isObject(given) ? Object.keys(given) : []
  if (!FORMS.has(form) || others.length > 0 || typeof given[form] !== 'function') {
    throw wrong(where, 'a function, or one of { json }, { text } and { bytes } with a function', given)
  }
  return { form, call: given[form] }
}

/** What an extension is loaded with: its configuration as JSON, and what cannot be JSON. */
function extensionConfig(config) {
  checkObject('The configuration', config)
  const { source, functions, validate, ...rest } = config
  if (typeof rest.name !== 'string') throw wrong('name', 'a string', rest.name)
  const { where, bytes } = moduleSource(source)
  for (const key of ['permissions', 'config']) {
    if (rest[key] !== undefined) checkObject(key, rest[key])
  }
  if (rest.instances !== undefined && typeof rest.instances !== 'number') {
    throw wrong('instances', 'a number', rest.instances)
  }
  checkMaxQueue(rest.maxQueue)
  checkValidate(validate)
  const json = JSON.stringify({ ...rest, source: where })
  const network = wantsNetwork(rest.permissions)
  return { json, bytes, name: rest.name, validate, functions: functionsOf(functions), network }
}

/** Whether an extension may be granted the network; the core looks closer. */
function wantsNetwork({ network, allowedHosts, allowed_hosts: hosts } = {}) {
  return network !== undefined || allowedHosts !== undefined || hosts !== undefined
}

function checkMaxQueue(maxQueue) {
  if (maxQueue === undefined) return
  if (typeof maxQueue !== 'number') throw wrong('maxQueue', 'a number', maxQueue)
  if (!Number.isInteger(maxQueue) || maxQueue < 0 || maxQueue >= 2 ** 32) {
    throw new RangeError(`maxQueue must be a whole number from 0 to 4294967295; it is ${maxQueue}.`)
  }
}

function checkValidate(validate) {
  if (validate !== undefined && typeof validate !== 'boolean') throw wrong('validate', 'a boolean', validate)
}

/** Where a module is, and its bytes where they are given. */
function moduleSource(source) {
  checkObject('source', source)
  const { bytes, path, ...where } = source
  if (typeof where.type !== 'string') throw wrong('source.type', 'the string "wasm"', where.type)
  if (bytes !== undefined && !isUint8Array(bytes)) throw wrong('source.bytes', 'a Uint8Array', bytes)
  return { where: { ...where, path: filePath('source.path', path) }, bytes }
}

function filePath(name, path) {
  if (path instanceof URL) return fileURLToPath(path)
  if (path !== undefined && typeof path !== 'string') throw wrong(name, 'a string or a file: URL', path)
  return path
}

/** Where a configuration file is. */
function configPath(path) {
  if (path === undefined || path === '') throw wrong('The configuration file', 'a path or a file: URL', path)
  return filePath('The configuration file', path)
}

/** How a host is made from a configuration file: its own options, and how long somebody waits for what is in the file. */
function configOptions(options) {
  checkObject('The options of fromConfig', options)
  checkSignal(options.signal)
  checkValidate(options.validate)
  return options
}

/** How a load is made. */
function loadOptions(options, method = 'loadExtension', allowed = ['signal']) {
  checkObject('The options', options)
  checkKeys(method, options, allowed)
  checkSignal(options.signal)
  checkValidate(options.validate)
  return options
}

/** How a file is watched. */
function watchOptions(options) {
  checkObject('The options', options)
  checkKeys('watch', options, ['debounce', 'onReload', 'onError', 'signal'])
  checkSignal(options.signal)
  const { debounce = 100, onReload, onError } = options
  if (typeof debounce !== 'number') throw wrong('debounce', 'a number of milliseconds', debounce)
  if (!(debounce > 0 && debounce <= MAX_TIMEOUT)) {
    throw new RangeError(`debounce must be more than 0 and at most ${MAX_TIMEOUT} milliseconds; it is ${debounce}.`)
  }
  for (const [name, listener] of Object.entries({ onReload, onError })) {
    if (listener !== undefined && typeof listener !== 'function') throw wrong(name, 'a function', listener)
  }
  return { ...options, debounce }
}

/** How a call is made. */
function callOptions(options, allowed = ['signal', 'timeout']) {
  checkObject('The options', options)
  checkKeys('A call', options, allowed)
  checkSignal(options.signal)
  const { timeout } = options
  if (timeout !== undefined) {
    if (typeof timeout !== 'number') throw wrong('timeout', 'a number of milliseconds', timeout)
    if (!(timeout > 0 && timeout <= MAX_TIMEOUT)) {
      throw new RangeError(`timeout must be more than 0 and at most ${MAX_TIMEOUT} milliseconds; it is ${timeout}.`)
    }
  }
  return options
}

/** How an extension is unloaded or a host closed. */
function endOptions(options) {
  checkObject('The options', options)
  checkKeys('It', options, ['cancel'])
  if (options.cancel !== undefined && typeof options.cancel !== 'boolean')
    throw wrong('cancel', 'a boolean', options.cancel)
  return options
}

/** Text or bytes that go to an extension as they are. */
function rawInput(input) {
  if (typeof input === 'string' || isUint8Array(input)) return input
  throw wrong('The input', 'a string or a Uint8Array', input)
}

module.exports = {
  callOptions,
  checkId,
  checkMethod,
  configOptions,
  configPath,
  endOptions,
  extensionConfig,
  functionsOf,
  hostOptions,
  loadOptions,
  moduleSource,
  rawInput,
  watchOptions,
  wrong,
}
