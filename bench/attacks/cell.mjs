// What became of a trial, in a few words. Bold is what the caller did not grant, or cannot recover from.

import { count, duration } from '../../scripts/lib/quantity.mjs'
import { MOST_MEMORY } from './trial.mjs'

/** The event loop may stand still for so long on a busy machine, in milliseconds. */
const HELD = 300
/** How much later than its deadline a call may settle on a busy machine, in milliseconds. */
const LATE = 500
const MIB = 1024 * 1024
const GIB = 1024 * MIB

/**
 * @param {import('./list.mjs').Attack} attack
 * @param {import('./trial.mjs').Report} report
 * @param {{ memory: number, time: number }} grant
 */
export function cell(attack, report, grant) {
  return [
    ending(attack, report, grant),
    attack.point === 'log' && report.end !== undefined && count(report.end.logged, 'message'),
    ['memory', 'log'].includes(attack.point) && report.killed !== 'memory' && memory(report, grant),
    report.end?.held >= HELD && `event loop held for ${duration(report.end.held)}`,
    report.good?.place === 'new' && report.good.well && 'plug-in lost',
    report.good?.well === false && '**nothing works afterwards**',
    report.end !== undefined && report.killed === 'time' && '**process does not end**',
  ]
    .filter(Boolean)
    .join('; ')
}

function ending(attack, report, { time }) {
  const { load, calls, killed, code, signal, end } = report
  const wanted = attack.calls?.length ?? 0
  const more = killed === 'memory' ? `**takes more than ${MOST_MEMORY / GIB} GiB**: killed` : ''
  if (end === undefined && killed === 'memory') return more
  if (end === undefined && killed === 'time') {
    return `**${load === undefined ? 'load' : 'call'} never ends**: killed after ${duration(report.elapsed)}`
  }
  if (end === undefined) return `**process dies**: ${signal ?? uncaught(report) ?? `exit code ${code}`}`
  const besides = more && `; ${more}`
  if (load.unsettled) return `**load never settles**${besides}`
  if (load.error !== undefined) return `load fails: ${said(load.error)}${after(attack, load, time)}${besides}`
  if (wanted === 0) return 'loads'
  const judged = attack.judge?.(calls)
  if (judged !== undefined) return judged + besides
  const last = calls.at(-1)
  if (last.unsettled)
    return `${last.closed ? 'no limit: runs until `close()`, and ' : ''}**call never settles**${besides}`
  if (last.error !== undefined) return `${said(last.error)}${after(attack, last, time)}${besides}`
  return `answered${after(attack, last, time)}${besides}`
}

function said({ code, message }) {
  if (code !== undefined) return `\`${code}\``
  const line = message.split('\n', 1)[0]
  return `“${line.length > 60 ? `${line.slice(0, 60)}…` : line}”`
}

function after({ point }, { ms }, time) {
  if (point !== 'time') return ''
  return ms > time + LATE ? ` **after ${duration(ms)}**` : ` after ${duration(ms)}`
}

/** The process's peak, bold where it took more than twice the grant beside what it had before. */
function memory({ peak, baseline }, grant) {
  const text = `${Math.round(peak / MIB)} MiB`
  return peak - baseline > 2 * grant.memory ? `**${text}**` : text
}

/** The error that nobody caught, as Node.js prints it. */
function uncaught({ complaints }) {
  const line = complaints.find((line) => /^(?:\w+Error|Error|RuntimeError)\b.*: /.test(line))
  return line && `uncaught ${line.length > 70 ? `${line.slice(0, 70)}…` : line}`
}
