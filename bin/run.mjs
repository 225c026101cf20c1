// morphir-extension-host run: loads what a configuration file lists, and answers calls from standard input, a line for each.

import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { ExtensionHost } from '../index.mjs'
import { Arguments, flag, help, text } from './arguments.mjs'
import { verbose } from './extension.mjs'
import { plain, sayFailure } from './failure.mjs'
import { functionsOf } from './functions.mjs'
import { interrupt } from './interrupt.mjs'
import { lineOf } from './json.mjs'
import { inLine } from './printable.mjs'
import { waiting } from './progress.mjs'
import { dimOnError, redOnError } from './style.mjs'

/** So many calls wait at most: what comes in faster stays in the pipe. */
const MOST_WAITING = 256

const USAGE = `Usage: morphir-extension-host run <morphir.toml> [options]
       morphir-extension-host run <morphir.toml> --call <extension> <method> [params | @file] [options]

Loads every extension that a configuration file lists, and says what became of each, to standard error. Then it reads calls from
standard input, a JSON object in each line, and prints a line for each when it is answered; it ends when the input does:

  {"extension":"rename-package","method":"transform","params":{…},"id":1}
  {"id":1,"result":{…}}   or   {"id":1,"error":{"code":"Timeout","message":"…"}}

\`id\` is any JSON of yours; it tells answers apart, which come in the order in which calls end.

  --call                       calls once, prints the answer, and reads no input
  --json                       what loaded, failed and was skipped as a line of JSON, to standard output, before all else
  --strict                     ends with 1, before any call, if an extension failed to load
  --cache-dir <dir>, --no-cache  where compiled modules are kept, or not
  --functions <file>           functions that all of them may import: a module whose default export is what \`functions\` is in a program
  --validate                   checks params and results against the extensions' own schemas
  --verbose                    what extensions log, to standard error
  --help                       this text

Examples:
  morphir-extension-host run morphir.toml < calls.jsonl > answers.jsonl
  morphir-extension-host run morphir.toml --call rename-package transform @params.json
  morphir-extension-host run morphir.toml --json --strict < /dev/null

Exit code: 0 all loaded and answered, 1 an extension or a call failed, 2 wrong usage, 130 Ctrl-C.`

const OPTIONS = {
  call: flag,
  json: flag,
  strict: flag,
  functions: text,
  validate: flag,
  verbose: flag,
  'cache-dir': text,
  'no-cache': flag,
  help,
}

/** @returns {Promise<number>} the exit code */
export async function run(args) {
  const line = new Arguments('run', args, OPTIONS)
  const { values } = line
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const path = line.file('The configuration file is missing: the path of a morphir.toml.', '.toml')
  const only = values.call ? oneCall(line) : line.atMost(1, 'one configuration file; to call from here there is --call')
  const { 'cache-dir': cacheDir, 'no-cache': noCache } = values
  if (cacheDir !== undefined && noCache) throw line.wrong('--cache-dir and --no-cache exclude each other.')
  // On threads of its own, or Ctrl-C would wait for what libuv's pool compiles.
  const threads = availableParallelism()
  const functions = await functionsOf(line)
  const options = {
    cacheDir: noCache ? false : cacheDir,
    threads,
    ...(functions !== undefined && { functions }),
    validate: values.validate,
    ...(values.verbose && verbose),
    signal: interrupt(),
  }
  let opened
  try {
    opened = await waiting('Loading …', ExtensionHost.fromConfig(path, options))
  } catch (error) {
    // A file that is no TOML is no mistake on the command line.
    if (error.code !== 'InvalidConfig') sayFailure(error, line)
    else console.error(`${redOnError(error.code)}: ${inLine(error.message, 2000)}`)
    return 1
  }
  const { host, loaded, failed, skipped } = opened
  try {
    if (values.json) console.log(lineOf({ loaded, failed: failed.map(withPlainError), skipped }))
    else sayLoaded(opened)
    if (values.strict && failed.length > 0) return 1
    const ids = new Map(loaded.map(({ name, id }) => [name, id]))
    const caller = new Caller(host, ids, options.signal)
    const good = only === undefined ? await caller.answerAll(process.stdin) : await caller.answer(only)
    return good && failed.length === 0 ? 0 : 1
  } finally {
    await host.close({ cancel: true })
  }
}

function oneCall(line) {
  const [, extension, method, params] = line.positionals
  if (extension === undefined || method === undefined) {
    throw line.wrong('--call needs an extension and a method: --call rename-package transform @params.json.')
  }
  line.atMost(4, 'a file, an extension, a method and params')
  return { extension, method, ...(params !== undefined && { params: line.json(params, 'The params') }) }
}

const withPlainError = ({ name, error }) => ({ name, error: plain(error) })

function sayLoaded({ loaded, failed, skipped }) {
  for (const { name } of loaded) console.error(`loaded   ${inLine(name)}`)
  for (const { name, error } of failed)
    console.error(`${redOnError('failed')}   ${inLine(name)}: ${inLine(error.message, 2000)}`)
  for (const name of skipped) console.error(dimOnError(`skipped  ${inLine(name)}`))
  if (loaded.length + failed.length + skipped.length === 0) console.error('The file lists no extensions.')
}

/** Makes calls and prints what became of them. */
class Caller {
  #host
  #ids
  #signal

  constructor(host, ids, signal) {
    this.#host = host
    this.#ids = ids
    this.#signal = signal
  }

  /** One call of the command line: its result, or why it failed. */
  async answer({ extension, method, params }) {
    try {
      const result = await waiting(`Calling ${inLine(method)} …`, this.#call(extension, method, params))
      if (result !== undefined) console.log(lineOf(result))
      return true
    } catch (error) {
      // That it was taken back, whoever pressed Ctrl-C knows.
      if (!this.#signal.aborted)
        console.error(`${redOnError(error.code ?? error.name)}: ${inLine(error.message, 8192)}`)
      return false
    }
  }

  /** Each line is a call; answers whether all went well. */
  async answerAll(input) {
    const lines = createInterface({ input, crlfDelay: Infinity, signal: this.#signal })
    const waiting = new Set()
    let good = true
    for await (const line of lines) {
      if (line.trim() === '') continue
      const work = this.#answerLine(line).then((went) => {
        good &&= went
        waiting.delete(work)
      })
      waiting.add(work)
      if (waiting.size >= MOST_WAITING) await Promise.race(waiting)
      if (this.#signal.aborted) break
    }
    await Promise.all(waiting)
    return good
  }

  async #answerLine(line) {
    let id
    try {
      const call = read(line)
      id = call.id
      const result = await this.#call(call.extension, call.method, call.params, call.timeout)
      console.log(lineOf({ id, result: result ?? null }))
      return true
    } catch (error) {
      console.log(lineOf({ id, error: plain(error) }))
      return false
    }
  }

  #call(extension, method, params, timeout) {
    const id = this.#ids.get(extension)
    if (id === undefined) {
      const there = [...this.#ids.keys()].join(', ') || 'none'
      throw failure('NotFound', `No extension ${JSON.stringify(extension)} is loaded; there are: ${there}.`)
    }
    return this.#host.call(id, method, params, { signal: this.#signal, ...(timeout !== undefined && { timeout }) })
  }
}

function read(line) {
  let call
  try {
    call = JSON.parse(line)
  } catch (error) {
    throw failure('SerializationError', `The line is not JSON: ${error.message}.`)
  }
  if (
    typeof call !== 'object' ||
    call === null ||
    typeof call.extension !== 'string' ||
    typeof call.method !== 'string'
  ) {
    throw failure('SerializationError', 'The line is no call: write {"extension":"…","method":"…","params":…}.')
  }
  return call
}

function failure(code, message) {
  return Object.assign(new Error(message), { code })
}
