import { readFileSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import conformance from '../../lib/conformance/index.js'
import { WrongUsage } from '../usage.mjs'

const NAMES = conformance.checks.map(({ name }) => name)

export const USAGE = `Usage: morphir-extension-host conformance <extension.wasm> [options]

Checks an extension against the protocol: that it starts, answers, says what is wrong with its params, keeps to its limits
and recovers from them. What each check wants is in docs/conformance.md.

  --config <json>              what its \`initialize\` is given
  --params <method>=<json>     params that a method answers; for as many methods as you like
  --method <name>              the method to check, by default transform, one with --params, echo, or the first
  --only <check>               one check, or several: ${rows(NAMES)}
  --max-memory <size>          all memory of the extension, for example 64MiB
  --max-execution-time <time>  how long a call may run, for example 5s
  --json                       the report as JSON
  --verbose                    what the extension logged, and errors with what is underneath
  --help                       this text

Where JSON is expected, @file reads it from a file.

Exit code: 0 every check passed or was skipped, 1 one failed, 2 wrong usage.`

const ADVICE = 'npx morphir-extension-host conformance --help shows what there is.'

/** Names in lines that line up with the other options. */
function rows(names) {
  const lines = []
  for (let start = 0; start < names.length; start += 8) lines.push(names.slice(start, start + 8).join(', '))
  return lines.join(`,\n${' '.repeat(31)}`)
}

/** @returns {{ help: boolean, json: boolean, verbose: boolean, path: string } & import('../../lib/conformance').ConformanceOptions} */
export function readOptions(args) {
  const { values, positionals } = parse(args)
  const { help = false, json = false, verbose = false, method, only } = values
  if (help) return { help }
  if (positionals.length === 0) throw new WrongUsage('The extension is missing: the path of a .wasm file.', ADVICE)
  if (positionals.length > 1) {
    throw new WrongUsage(
      `There is one extension to check; these are ${positionals.length}: ${positionals.join(', ')}.`,
      ADVICE,
    )
  }
  const [path] = positionals
  checkFile(path)
  if (method === '') throw new WrongUsage('--method is empty.', ADVICE)
  const unknown = only?.find((name) => !NAMES.includes(name))
  if (unknown !== undefined) {
    throw new WrongUsage(`There is no check ${unknown}; there are ${NAMES.join(', ')}.`, ADVICE)
  }
  const options = {
    ...(values.config !== undefined && { config: configOf(values.config) }),
    ...(values.params !== undefined && { params: Object.fromEntries(values.params.map(paramsOf)) }),
    ...(method !== undefined && { method }),
    ...(only !== undefined && { only }),
    permissions: {
      ...(values['max-memory'] !== undefined && { maxMemory: values['max-memory'] }),
      ...(values['max-execution-time'] !== undefined && { maxExecutionTime: values['max-execution-time'] }),
    },
  }
  return { help, json, verbose, path, ...options }
}

function parse(args) {
  const text = { type: 'string' }
  const texts = { type: 'string', multiple: true }
  const flag = { type: 'boolean' }
  const options = {
    config: text,
    params: texts,
    method: text,
    only: texts,
    'max-memory': text,
    'max-execution-time': text,
    json: flag,
    verbose: flag,
    help: { type: 'boolean', short: 'h' },
  }
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Its first sentence says what is wrong; the others are about a notation nobody needs here.
    throw new WrongUsage(`${error.message.split(/[.\n]/, 1)[0]}.`, ADVICE)
  }
}

/** Before anything is loaded: a path that is wrong says nothing about an extension. */
function checkFile(path) {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new WrongUsage(`There is no file ${path}.`, ADVICE)
  if (found.isDirectory()) throw new WrongUsage(`${path} is a directory; name the .wasm file in it.`, ADVICE)
}

function configOf(value) {
  const config = jsonFrom(value, '--config')
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new WrongUsage('--config must be a JSON object.', ADVICE)
  }
  return config
}

function paramsOf(value) {
  const at = value.indexOf('=')
  if (at < 1) {
    throw new WrongUsage(`--params ${value}: write the method and its params, --params transform=@params.json.`, ADVICE)
  }
  const method = value.slice(0, at)
  return [method, jsonFrom(value.slice(at + 1), `--params ${method}`)]
}

/** JSON from the command line, or from the file that it names. */
function jsonFrom(value, option) {
  let text = value
  if (value.startsWith('@')) {
    try {
      text = readFileSync(value.slice(1), 'utf8')
    } catch (error) {
      throw new WrongUsage(`${option}: ${value.slice(1)} cannot be read: ${error.message}.`, ADVICE)
    }
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    const where = value.startsWith('@') ? `${value.slice(1)} is not JSON` : 'this is not JSON'
    throw new WrongUsage(`${option}: ${where}: ${error.message}. A file is written @file.`, ADVICE)
  }
}
