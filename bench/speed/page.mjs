// What was measured, as tables in the terminal and in docs/performance.md.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/lib/places.mjs'
import { size } from '../../scripts/lib/quantity.mjs'
import { table } from '../../scripts/lib/table.mjs'
import { markdownTable, writePart } from '../page.mjs'
import { bars, lines } from './chart.mjs'
import { isBusy } from './machine.mjs'
import { time } from './show.mjs'

const PAGE = 'docs/performance.md'
const PLOTS = 'performance'

export function printTrial(trial, figures, contenders) {
  for (const line of table(trialRows(trial, figures, contenders).map(plain))) console.log(`  ${line}`)
  for (const { target, judge } of trial.targets) {
    const { measured, met } = judge(figures)
    console.log(`    ${met ? 'met' : 'NOT MET'}: ${target}: ${measured}`)
  }
}

export function printCurve(curve, points, contenders) {
  const names = curve.trial(curve.xs[0]).contenders
  const rows = points.map(({ x, figures }) => [
    curve.showX(x),
    ...names.map(({ as, name }) => {
      const found = figures[as ?? name]
      return found === undefined ? '' : curve.showY(curve.y(found))
    }),
  ])
  const head = ['', ...names.map((entry) => titleOf(entry, contenders))]
  for (const line of table([head, ...rows].map(plain))) console.log(`  ${line}`)
}

/** Writes everything between the page's markers, and the plots beside it. */
export function writeTrials(results, { chosen, contenders }) {
  const measured = chosen.filter(({ name }) => results.trials[name] !== undefined)
  const { small, flight } = Object.fromEntries(measured.map((trial) => [trial.name, trial]))
  const plots = [
    plot('small', small.title, (of) => of.times.median, time),
    plot(
      'flight',
      `${flight.title}, calls a second`,
      (of) => of.rate.median,
      (rate) => Math.round(rate).toLocaleString('en'),
    ),
  ]
  writePart(
    PAGE,
    'bench',
    [
      provenance('npm run bench', results.machine),
      '## Against the targets',
      markdownTable([['trial', 'target', 'measured', 'met'], ...verdicts(measured, results)]),
      ...plots,
      '## Side by side',
      ...measured.map((trial) => section(trial, results, contenders)),
    ].join('\n\n'),
  )

  function plot(name, title, value, show) {
    const trial = measured.find((trial) => trial.name === name)
    const figures = results.trials[name]
    const rows = trial.contenders.map((entry) => ({
      title: titleOf(entry, contenders).replaceAll('`', ''),
      value: value(figures[entry.as ?? entry.name]),
    }))
    return image(name, title, bars({ title, rows, show }))
  }
}

export function writeCurves(results, { chosen, contenders }) {
  const parts = chosen.map((curve) => {
    const points = results.curves[curve.name]
    const series = curve.trial(curve.xs[0]).contenders.map((entry) => ({
      title: titleOf(entry, contenders).replaceAll('`', ''),
      points: points
        .filter(({ figures }) => figures[entry.as ?? entry.name] !== undefined)
        .map(({ x, figures }) => ({ x, y: curve.y(figures[entry.as ?? entry.name]) })),
    }))
    return `### ${curve.title}\n\n${curve.about}\n\n${image(curve.name, curve.title, lines({ ...curve, series }))}`
  })
  writePart(PAGE, 'curves', [provenance('npm run bench -- --curves', results.machine), ...parts].join('\n\n'))
}

function image(name, title, svg) {
  mkdirSync(join(root, 'docs', PLOTS), { recursive: true })
  writeFileSync(join(root, 'docs', PLOTS, `${name}.svg`), svg)
  return `![${title}](${PLOTS}/${name}.svg)`
}

function verdicts(trials, { trials: all, addons }) {
  const rows = trials.flatMap(({ name, title, targets }) =>
    targets.map(({ target, judge }) => {
      const { measured, met } = judge(all[name])
      return [title, target, measured, yes(met)]
    }),
  )
  const addon = addons.map(({ file, bytes, stripped, met }) => [
    `Size of the addon, \`${file}\``,
    '≤ 15 MB stripped',
    stripped === undefined ? size(bytes) : `${size(stripped)} stripped, ${size(bytes)} as it is`,
    yes(met),
  ])
  return [...rows, ...addon]
}

function yes(met) {
  return met ? 'yes' : '**no**'
}

function section(trial, { trials: all, machine }, contenders) {
  const about =
    trial.guest === 'rename' && trial.name === 'ir' ? `${trial.about} Here it is ${machine.ir}.` : trial.about
  const parts = [`### ${trial.title}`, about, markdownTable(trialRows(trial, all[trial.name], contenders))]
  return parts.filter(Boolean).join('\n\n')
}

function trialRows(trial, figures, contenders) {
  const host = figures.host
  const rows = trial.contenders.map((entry) => {
    const mine = figures[entry.as ?? entry.name]
    if (mine === undefined)
      return [titleOf(entry, contenders), `(${entry.unavailable})`, ...trial.columns.slice(1).map(() => '')]
    return [titleOf(entry, contenders), ...trial.columns.map(([, show]) => show(mine, host))]
  })
  return [['', ...trial.columns.map(([title]) => title)], ...rows]
}

function titleOf({ name, title }, contenders) {
  return title ?? contenders[name].title
}

function plain(cells) {
  return cells.map((cell) => cell.replaceAll('`', ''))
}

function provenance(command, machine) {
  const { date, processor, processors, memory, system, node, rust, versions, load, rounds } = machine
  const sdks = `@extism/extism ${versions['extism-1']} and ${versions['extism-2']}`
  const engine = `extism ${versions['extism (crate)']} on wasmtime ${versions['wasmtime (crate)']}`
  const busy = isBusy(machine) ? ' **The machine was busy: these figures are too high.**' : ''
  return (
    `Made on ${date.slice(0, 10)} by \`${command}\`, ${rounds} rounds, with Node.js ${node} on ${system}: ${processors} × ${processor}, ` +
    `${memory}, load ${load.toFixed(1)} before it began.${busy} This package ${versions['@finos/morphir-extension-host']}, ` +
    `the crates ${engine} (Rust ${rust}), ${sdks}. \`RUST_BACKTRACE\` was not set, except where a row says so.`
  )
}
