import conformance from '../../lib/conformance/index.js'
import { Arguments, flag, help, text, texts } from '../arguments.mjs'
import { GRANTS, GRANTS_USAGE, configurationOf, hostOptionsOf } from '../grants.mjs'

const NAMES = conformance.checks.map(({ name }) => name)

export const USAGE = `Usage: morphir-extension-host conformance <extension.wasm> [options]

Checks an extension against the protocol: that it starts, answers, says what is wrong with its params, keeps to its limits
and recovers from them. What each check wants is in docs/conformance.md.

  --params <method>=<json>     params that a method answers; for as many methods as you like
  --method <name>              the method to check, by default transform, one with --params, echo, or the first
  --only <check>               one check, or several: ${rows(NAMES)}
  --json                       the report as JSON
  --verbose                    what the extension logged, and errors with what is underneath
${GRANTS_USAGE}
  --help                       this text

Where JSON is expected, @file reads it from a file.

Examples:
  morphir-extension-host conformance rename-package.wasm --config '{"to":"New.Home"}'
  morphir-extension-host conformance check.wasm --params check=@params.json --max-memory 64MiB --verbose

Exit code: 0 every check passed or was skipped, 1 one failed, 2 wrong usage, 130 Ctrl-C.`

const OPTIONS = { ...GRANTS, params: texts, method: text, only: texts, json: flag, verbose: flag, help }

/** Names in lines that line up with the other options. */
function rows(names) {
  const lines = []
  for (let start = 0; start < names.length; start += 8) lines.push(names.slice(start, start + 8).join(', '))
  return lines.join(`,\n${' '.repeat(31)}`)
}

/**
 * The extension's source beside how it is checked and what is shown of it.
 * @returns {Promise<{ help: boolean, json: boolean, verbose: boolean, source: object } & import('../../lib/conformance').ConformanceOptions>}
 */
export async function readOptions(args) {
  const line = new Arguments('conformance', args, OPTIONS)
  const { values, positionals } = line
  const { help = false, json = false, verbose = false, method, only } = values
  if (help) return { help }
  if (positionals.length > 1) {
    throw line.wrong(`There is one extension to check; these are ${positionals.length}: ${positionals.join(', ')}.`)
  }
  const path = line.file()
  if (method === '') throw line.wrong('--method is empty.')
  const unknown = only?.find((name) => !NAMES.includes(name))
  if (unknown !== undefined) throw line.wrong(`There is no check ${unknown}; there are ${NAMES.join(', ')}.`)
  const { source, permissions, functions, config } = await configurationOf(line, path)
  const options = {
    ...hostOptionsOf(line),
    permissions,
    ...(functions !== undefined && { functions }),
    ...(config !== undefined && { config }),
    ...(values.params !== undefined && {
      params: Object.fromEntries(values.params.map((value) => paramsOf(value, line))),
    }),
    ...(method !== undefined && { method }),
    ...(only !== undefined && { only }),
  }
  return { help, json, verbose, source, ...options }
}

function paramsOf(value, line) {
  const at = value.indexOf('=')
  if (at < 1) {
    throw line.wrong(`--params ${value}: write the method and its params, --params transform=@params.json.`)
  }
  const method = value.slice(0, at)
  return [method, line.json(value.slice(at + 1), `--params ${method}`)]
}
