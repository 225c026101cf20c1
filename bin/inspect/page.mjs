// What was found in an extension, to read.

import { basename } from 'node:path'
import { inLine } from '../printable.mjs'
import { bold, dim, green, red } from '../style.mjs'

const PAGE = 65_536
/** More names than these are counted only. */
const MOST_NAMES = 60
const LIFECYCLE = new Set(['initialize', 'capabilities', 'health_check'])
const DEFAULTS = { maxMemory: '256MiB', maxExecutionTime: '30s', maxOutput: '256MiB', maxFuel: 'not counted' }

export function pageOf(found) {
  const hash = found.sha256 === undefined ? '' : `, sha256 ${found.sha256}`
  const lines = [bold(inLine(basename(found.path))), dim(`${found.bytes.toLocaleString('en')} bytes${hash}`), '']
  if (found.exports !== undefined) lines.push(...contents(found), ...grants(found), ...asks(found.asks), '')
  if (found.capabilities !== undefined) lines.push(...capabilities(found.capabilities))
  return [...lines, ...verdict(found)].join('\n')
}

/** Which protocol it speaks, told as the host tells it. */
function protocolOf(methods, lifecycle) {
  const has = (wanted) => methods.some(({ name }) => name === wanted)
  if (has('handle') && has('morphir_extension_info')) return 'sessions of Morphir’s SDK: the dialect mep'
  return names(lifecycle) || 'none: a plain Extism plug-in'
}

function contents({ exports, imports, memories, start, functions, producers }) {
  const methods = exports.filter(({ name, kind }) => kind === 'function' && !LIFECYCLE.has(name))
  const lifecycle = exports.filter(({ name, kind }) => kind === 'function' && LIFECYCLE.has(name))
  const others = exports.filter(({ kind }) => kind !== 'function')
  const rows = [
    row('Lifecycle', protocolOf(methods, lifecycle)),
    row('Functions', `${names(methods) || 'none exported'}${dim(`  of ${functions}`)}`),
  ]
  if (others.length > 0)
    rows.push(
      row(
        'Exports',
        others
          .map(({ name, kind }) => `${inLine(name, 80)} (${kind})`)
          .slice(0, 10)
          .join(', '),
      ),
    )
  for (const [index, memory] of memories.slice(0, 10).entries())
    rows.push(row(index === 0 ? 'Memory' : '', limits(memory)))
  if (start) rows.push(row('Start', 'has a start function, which runs when it is loaded'))
  if (producers.length > 0) rows.push(row('Made with', inLine(producers.slice(0, 10).join(', '), 200)))
  return [...rows, ...importRows(imports), '']
}

function importRows(imports) {
  const modules = [...new Set(imports.map(({ module }) => module))].slice(0, 20)
  if (modules.length === 0) return [row('Imports', 'nothing')]
  return modules.flatMap((module, index) => {
    const ofModule = imports.filter((found) => found.module === module)
    const offered = ofModule.filter(({ offered }) => offered)
    const refused = ofModule.filter(({ offered }) => !offered)
    const rows = []
    if (offered.length > 0) rows.push(`${inLine(module, 80)}: ${names(offered)}`)
    if (refused.length > 0) rows.push(red(`${inLine(module, 80)}: ${names(refused)}, not offered`))
    return rows.map((text, place) => row(index + place === 0 ? 'Imports' : '', text))
  })
}

function grants({ permissions, hostFunctions }) {
  const granted = { ...DEFAULTS, ...permissions }
  const directories = (list = []) =>
    list.map((grant) => (typeof grant === 'string' ? grant : `${grant.path} as ${grant.guestPath}`))
  return [
    row(
      'Granted',
      `memory ${size(granted.maxMemory)}, answers up to ${size(granted.maxOutput)}, ${time(granted.maxExecutionTime)} a call`,
    ),
    row('', `instructions ${granted.maxFuel}`),
    row('', `to read and write ${directories(granted.filesystem).join(', ') || 'nothing'}`),
    row('', `to read ${directories(granted.readonlyPaths).join(', ') || 'nothing'}`),
    row('', `to reach ${hosts(granted)}; no environment`),
    ...(hostFunctions.length === 0 ? [] : [row('', `to call ${listed(hostFunctions)}`)]),
  ]
}

function hosts({ network = false, allowedHosts = [] }) {
  return [network && 'every public host', ...allowedHosts].filter(Boolean).join(', ') || 'nothing over the network'
}

const ASKED = {
  network: { what: 'the network', options: '--allow-host and --network' },
  directories: { what: 'files', options: '--allow-path and --readonly-path' },
  morphir: { what: 'Morphir’s own functions' },
  functions: { what: 'functions of yours', options: '--functions' },
}

/** What it wants beside its input, and whether it gets it. */
function asks(list) {
  const rows = list.map(({ what: kind, imports, granted }) => {
    const { what, options } = ASKED[kind]
    if (imports.length === 0) return dim(`nothing of ${what}, though granted`)
    return `${what} (${listed(imports)}): ${granted ? 'granted' : `not granted; see ${options}`}`
  })
  return (rows.length === 0 ? ['nothing but its input'] : rows).map((text, index) =>
    row(index === 0 ? 'Asks for' : '', text),
  )
}

function capabilities(list) {
  const rows = list.slice(0, MOST_NAMES).map(({ name, description, params_schema: params, return_schema: result }) => {
    const schemas = [params !== undefined && 'params', result !== undefined && 'result'].filter(Boolean)
    const has = schemas.length === 0 ? 'no schema' : `schema of ${schemas.join(' and ')}`
    return [bold(inLine(name, 80)), inLine(description ?? '', 160), dim(has)].filter(Boolean).join('  ')
  })
  const lines = rows.map((text, index) => row(index === 0 ? 'Capabilities' : '', text))
  if (list.length > MOST_NAMES) lines.push(row('', dim(`and ${list.length - MOST_NAMES} more`)))
  if (list.length === 0) lines.push(row('Capabilities', 'none'))
  return [...lines, '']
}

function verdict({ problem, error, loadMilliseconds, usable }) {
  if (usable && loadMilliseconds !== undefined) return [green(`It loads, in ${loadMilliseconds.toFixed(1)} ms.`)]
  if (usable) return ['It was not loaded: what it does at start-up is not known.']
  // The host's own words say more than what was read in the file.
  if (error !== undefined) return [red(`${error.code}: ${inLine(error.message, 2000)}`)]
  return [red(inLine(problem, 2000))]
}

const row = (title, text) => `${dim(title.padEnd(14))}${text}`

function names(list) {
  const shown = list.slice(0, MOST_NAMES).map(({ name }) => inLine(name, 80))
  return list.length > MOST_NAMES ? `${shown.join(', ')} and ${list.length - MOST_NAMES} more` : shown.join(', ')
}

const listed = (texts) => names(texts.map((name) => ({ name })))

function limits({ minimum, maximum, imported, shared, is64 }) {
  const marks = [imported && 'imported', shared && 'shared', is64 && '64-bit'].filter(Boolean)
  const most = maximum === undefined ? 'no maximum of its own' : `at most ${size(maximum * PAGE)}`
  return [`${size(minimum * PAGE)} at start, ${most}`, ...marks].join(', ')
}

function size(bytes) {
  if (typeof bytes !== 'number') return bytes
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KiB` : `${Number((bytes / 1024 ** 2).toFixed(2))} MiB`
}

const time = (value) => (typeof value === 'number' ? `${value} ms` : value)
