// The report as lines: one for each check as soon as there is its result, so the widths of columns are those of all checks.

import { basename } from 'node:path'
import conformance from '../../lib/conformance/index.js'
import { inLine, printable } from '../printable.mjs'
import { dim, green, red } from '../style.mjs'

const MARKS = { passed: green('✓'), failed: red('✗'), skipped: dim('–') }
const NAMES = widest(conformance.checks.map(({ name }) => name))
const TITLES = widest(conformance.checks.map(({ title }) => title))
const TIMES = '999.9 ms'.length

function widest(texts) {
  return Math.max(...texts.map((text) => text.length))
}

export function heading(path) {
  return `${inLine(basename(path))}\n`
}

/** One check in a line. */
export function row({ name, title, outcome, milliseconds, remark = '' }) {
  const time = outcome === 'skipped' ? '' : duration(milliseconds)
  const words = inLine(remark, 2000)
  const said = outcome === 'failed' ? red(words) : dim(words)
  const cells = [MARKS[outcome], name.padEnd(NAMES), title.padEnd(TITLES), time.padStart(TIMES)]
  return `  ${remark === '' ? cells.join('  ') : [...cells, said].join('  ')}`.trimEnd()
}

/** What the extension logged during a check, and its error with all that is underneath. */
export function details({ log, error }) {
  const lines = counted(
    log.map(({ level, method, message }) => {
      const where = method === undefined ? '' : ` ${method}:`
      return `${level.padEnd(5)}${where} ${message}`
    }),
  )
  for (let cause = error, depth = 0; cause instanceof Error; cause = cause.cause, depth += 1) {
    const { name, code, method } = cause
    const about = [name, code, method].filter((part) => part !== undefined).join(', ')
    lines.push(`${depth === 0 ? 'error' : 'cause'} ${about}: ${cause.message}`)
  }
  return lines.flatMap((line) => line.split('\n')).map((line) => dim(`     | ${printable(line)}`))
}

/** Lines in the order of their first appearance, each with how often it is there: checks call the same over and over. */
function counted(lines) {
  const times = new Map()
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1)
  return Array.from(times, ([line, count]) => (count === 1 ? line : `${line} (${count} times)`))
}

/** The last lines: how many of each, and what may help. */
export function conclusion({ passed, module, milliseconds, checks }, { params = {}, config }) {
  const count = (outcome) => checks.filter((result) => result.outcome === outcome).length
  const counts = ['passed', 'failed', 'skipped'].filter((outcome) => count(outcome) > 0)
  const sentence = `${counts.map((outcome) => `${count(outcome)} ${outcome}`).join(', ')} in ${duration(milliseconds)}.`
  const lines = ['', passed ? green(sentence) : red(sentence)]
  if (module !== undefined) lines.push(dim(`${module.bytes.toLocaleString('en')} bytes, sha256 ${module.sha256}`))
  const answers = checks.find(({ name }) => name === 'answers')
  if (answers?.outcome === 'failed' && (Object.keys(params).length === 0 || config === undefined)) {
    lines.push(
      'If its method needs other params or a config, give them: --params transform=@params.json, --config @config.json.',
    )
  }
  return lines.join('\n')
}

/** A time as short as its size allows. */
function duration(milliseconds) {
  if (milliseconds < 1000) return `${milliseconds.toFixed(1)} ms`
  return `${(milliseconds / 1000).toFixed(1)} s`
}
