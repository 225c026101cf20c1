// Draws a soak: memory, threads and open files over time, one below the other.

import { figures } from './verdict.mjs'

const WIDTH = 1200
const LEFT = 90
const RIGHT = 30
const TOP = 96
const PANEL = 190
const GAP = 46
const FONT = 'DejaVu Sans, Helvetica, Arial, sans-serif'
const COLOURS = ['#2563a8', '#b3541e', '#2f7d4f']

/** The chart as PNG. */
export async function draw(samples, verdict) {
  const { Resvg } = await import('@resvg/resvg-js')
  return new Resvg(chart(samples, verdict), { fitTo: { mode: 'zoom', value: 1.5 } }).render().asPng()
}

/** The chart as SVG. */
export function chart(samples, verdict) {
  const during = samples.filter(({ at }) => at === undefined)
  const drawn = figures.filter(({ name }) => during[0][name] !== undefined)
  const height = TOP + drawn.length * (PANEL + GAP) + 24
  const x = (seconds) => LEFT + (seconds / verdict.end) * (WIDTH - LEFT - RIGHT)
  const { calls, outcomes, workers } = during.at(-1)
  const answered = outcomes.ok ?? 0
  const judged = `${verdict.flat ? 'flat' : 'NOT FLAT'}, ${verdict.unexpectedCount} unexpected`
  const parts = [
    text(LEFT, 34, `Soak: ${Math.round(verdict.end / 6) / 10} minutes, ${judged}`, 20),
    text(
      LEFT,
      58,
      `${count(answered)} calls answered, ${count(calls - answered)} failed, from ${workers} worker threads`,
      13,
    ),
    ...drawn.map((figure, place) => {
      const top = TOP + place * (PANEL + GAP)
      return panel({ figure, during, verdict, top, x, colour: COLOURS[place] })
    }),
  ]
  const view = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${view} font-family="${FONT}">
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`
}

function panel({ figure: { name, label, show }, during, verdict, top, x, colour }) {
  const scale = name === 'rss' ? 1024 * 1024 : 1
  const most = niceMost(Math.max(...during.map((sample) => sample[name])) / scale)
  const y = (value) => top + PANEL - (value / scale / most) * PANEL
  const bottom = top + PANEL
  const [first, second] = verdict.medians[name]
  const path = during.map((sample) => `${x(sample.seconds).toFixed(1)},${y(sample[name]).toFixed(1)}`).join(' ')
  return [
    text(LEFT, top - 8, `${label}: median ${show(first)}, then ${show(second)}`, 13),
    `<rect x="${LEFT}" y="${top}" width="${x(verdict.warm) - LEFT}" height="${PANEL}" fill="#f1f1f1"/>`,
    ...[0, 1, 2, 3, 4].map((step) => {
      const value = (most * step) / 4
      const at = y(value * scale)
      const name = text(LEFT - 10, at + 4, `${value}${scale > 1 ? ' MiB' : ''}`, 11, 'end')
      return `<line x1="${LEFT}" y1="${at}" x2="${WIDTH - RIGHT}" y2="${at}" stroke="#dddddd"/>${name}`
    }),
    ...timeMarks(verdict.end).map((seconds) => {
      const at = x(seconds)
      const mark = `<line x1="${at}" y1="${bottom}" x2="${at}" y2="${bottom + 4}" stroke="#888888"/>`
      return (
        mark +
        text(at, bottom + 17, seconds < 60 || seconds % 60 > 0 ? `${seconds} s` : `${seconds / 60} min`, 11, 'middle')
      )
    }),
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.3" stroke-linejoin="round"/>`,
    middle(x(verdict.warm), x(verdict.middle), y(first)),
    middle(x(verdict.middle), x(verdict.end), y(second)),
    text(x(verdict.warm) - 8, top + 16, 'warming up', 11, 'end'),
  ].join('\n')
}

/** The median of a half, as a line across it. */
function middle(from, to, at) {
  return `<line x1="${from}" y1="${at}" x2="${to}" y2="${at}" stroke="black" stroke-width="1.2" stroke-dasharray="6 4"/>`
}

function text(x, y, words, size, anchor = 'start') {
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="#222222">${words}</text>`
}

/** A round number that the axis can end at, four steps from nothing. */
function niceMost(value) {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 4)))
  return (
    [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10]
      .map((step) => step * size)
      .find((most) => most >= value * 1.08 && most % 4 === 0) ?? 12 * size
  )
}

/** At most a dozen marks, at round times. */
function timeMarks(end) {
  const apart = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200].find((seconds) => end / seconds <= 12) ?? 14_400
  return Array.from({ length: Math.floor(end / apart) + 1 }, (_, place) => place * apart)
}

function count(number) {
  return number.toLocaleString('en')
}
