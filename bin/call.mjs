// morphir-extension-host call: loads an extension, calls a method once, and prints its answer.

import { writeFileSync } from 'node:fs'
import validation from '../lib/validation.js'
import { Arguments, flag, help, text } from './arguments.mjs'
import { verbose, withExtension } from './extension.mjs'
import { sayFailure, sayFailureAsJson } from './failure.mjs'
import { GRANTS, GRANTS_USAGE, PROTOCOL, PROTOCOL_USAGE, configurationOf, hostOptionsOf } from './grants.mjs'
import { pageOfJson } from './json.mjs'
import { readParams } from './params.mjs'
import { printable } from './printable.mjs'
import { waiting } from './progress.mjs'

const { Validation } = validation

const USAGE = `Usage: morphir-extension-host call <extension.wasm> <method> [params | - | @file] [options]

Loads an extension, calls a method once, and prints its answer. Params are JSON: on the command line, from standard input (-)
or from a file (@file). Without them the method is given no input.

  --raw                        params and answer are bytes, as they are, and need not be JSON
  --validate                   checks params and answer against the extension's own schemas
  --output <file>              where the answer goes, instead of standard output
  --json                       the answer with what it cost as JSON, also where it is an error
  --verbose                    what the extension logs, to standard error
${PROTOCOL_USAGE}
${GRANTS_USAGE}
  --help                       this text

Examples:
  morphir-extension-host call rename-package.wasm transform @params.json --output renamed.json
  morphir-extension-host call counter.wasm add '{"by":2}' --max-memory 16MiB --timeout 500ms
  morphir-extension-host call plug-in.wasm count_vowels - --raw --lifecycle none < text.txt

Exit code: 0 answered, 1 the load or the call failed, 2 wrong usage, 130 Ctrl-C.`

const OPTIONS = { ...GRANTS, ...PROTOCOL, raw: flag, validate: flag, output: text, json: flag, verbose: flag, help }

/** @returns {Promise<number>} the exit code */
export async function run(args) {
  const line = new Arguments('call', args, OPTIONS)
  if (line.values.help) {
    console.log(USAGE)
    return 0
  }
  const { path, method, given } = line.call()
  if (line.values.output === '') throw line.wrong('--output is empty.')
  const { raw = false, json = false, validate = false } = line.values
  if (raw && validate) throw line.wrong('--raw and --validate exclude each other: bytes have no schema.')
  if (raw && json) throw line.wrong('--raw and --json exclude each other: bytes are no JSON.')
  const configuration = await configurationOf(line, path)
  const hostOptions = { ...hostOptionsOf(line), ...(line.values.verbose && verbose) }
  const input = await readParams(line, given, raw)
  try {
    const answered = await answer(hostOptions, { ...configuration, validate }, { method, input, raw })
    write(json ? report(answered) : answered.bytes, line.values.output, raw)
    return 0
  } catch (error) {
    if (json) sayFailureAsJson(error, line)
    else sayFailure(error, line)
    return 1
  }
}

/** The answer in bytes, so that it can be printed as it was written. */
function answer(hostOptions, configuration, { method, input, raw }) {
  return withExtension(hostOptions, configuration, async ({ host, id, signal, milliseconds: loaded }) => {
    const work = { extension: configuration.name, method }
    const validation = configuration.validate ? new Validation(() => host.capabilities(id)) : undefined
    validation?.checkParams(input, work)
    const since = performance.now()
    const bytes = await waiting(`Calling ${printable(method)} …`, host.callRaw(id, method, input, { signal }))
    const milliseconds = performance.now() - since
    const { peakMemory, fuel } = host.stats(id)
    const result = raw ? undefined : parsed(bytes, method)
    if (result !== undefined) validation?.checkResult(result, bytes.length, work)
    return { bytes, result, milliseconds, loaded, peakMemory, fuel }
  })
}

/** The answer, read; an empty one is none. */
function parsed(bytes, method) {
  const text = new TextDecoder('utf-8').decode(bytes)
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = `The answer of ${method} is not JSON: ${cause.message}.`
    throw Object.assign(new Error(message, { cause }), { code: 'SerializationError', method })
  }
}

function report({ result, milliseconds, loaded, peakMemory, fuel }) {
  return `${pageOfJson({ result, milliseconds, loadMilliseconds: loaded, peakMemory, fuel })}\n`
}

/** JSON ends with a line and orders a terminal nothing; what is raw stays as it is. */
function write(answer, output, raw) {
  if (output !== undefined) {
    try {
      writeFileSync(output, answer)
    } catch (cause) {
      throw Object.assign(new Error(`${output} cannot be written: ${cause.message}.`), { code: 'IoError' })
    }
    return
  }
  if (raw) {
    process.stdout.write(answer)
    return
  }
  const text = Buffer.from(answer).toString('utf8')
  const line = text === '' || text.endsWith('\n') ? text : `${text}\n`
  process.stdout.write(process.stdout.isTTY ? printable(line) : line)
}
