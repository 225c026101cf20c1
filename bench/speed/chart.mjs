// Plots as SVG: bars for trials, lines for curves.

const WIDTH = 960
const FONT = 'DejaVu Sans, Helvetica, Arial, sans-serif'
const COLOURS = ['#2563a8', '#b3541e', '#2f7d4f', '#7a4fa3', '#8a6d1f', '#555555']
const INK = '#222222'
const GRID = '#dddddd'

const BAR = 22
const BAR_GAP = 8
const NAMES = 390
const VALUES = 110

/**
 * A bar for each row; the first is ours.
 * @param {{ title: string, rows: { title: string, value: number }[], show(value: number): string }} what
 */
export function bars({ title, rows, show }) {
  const most = Math.max(...rows.map(({ value }) => value))
  const top = 52
  const drawn = rows.map(({ title, value }, place) => {
    const y = top + place * (BAR + BAR_GAP)
    const length = Math.max(1, (value / most) * (WIDTH - NAMES - VALUES))
    const colour = title.startsWith('this host') ? COLOURS[0] : '#9aa5b1'
    return [
      text(NAMES - 10, y + 16, title, 13, 'end'),
      `<rect x="${NAMES}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" fill="${colour}"/>`,
      text(NAMES + length + 8, y + 16, show(value), 13),
    ].join('\n')
  })
  return page(top + rows.length * (BAR + BAR_GAP) + 12, [text(20, 30, title, 17), ...drawn])
}

const LEFT = 110
const RIGHT = 30
const TOP = 56
const HEIGHT = 330
const LEGEND = 22

/**
 * A line for each series over a logarithmic axis.
 * @param {object} curve as in curves.mjs
 * @param {{ title: string, points: { x: number | string, y: number }[] }[]} curve.series
 */
export function lines({ title, xs, at = Number, series, logarithmic = false, xTitle, yTitle, showX, showY }) {
  const [first, last] = [at(xs[0]), at(xs.at(-1))].map(Math.log10)
  const x = (point) => LEFT + ((Math.log10(at(point)) - first) / (last - first)) * (WIDTH - LEFT - RIGHT)
  const values = series.flatMap(({ points }) => points.map(({ y }) => y))
  const scale = logarithmic ? logarithmicScale(values) : linearScale(values)
  const y = (value) => TOP + HEIGHT - scale.share(value) * HEIGHT
  const bottom = TOP + HEIGHT
  const parts = [
    text(20, 28, title, 17),
    ...scale.marks.map((mark) => {
      const line = `<line x1="${LEFT}" y1="${y(mark)}" x2="${WIDTH - RIGHT}" y2="${y(mark)}" stroke="${GRID}"/>`
      return line + text(LEFT - 8, y(mark) + 4, mark === 0 ? '0' : showY(mark), 11, 'end')
    }),
    ...xs.map((mark) => text(x(mark), bottom + 18, showX(mark), 11, 'middle')),
    text((LEFT + WIDTH - RIGHT) / 2, bottom + 38, xTitle, 12, 'middle'),
    text(LEFT, TOP - 10, yTitle, 12),
    ...series.map(({ title, points }, place) => {
      const colour = COLOURS[place % COLOURS.length]
      const path = points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`)
      const dots = path.map((point) => {
        const [cx, cy] = point.split(',')
        return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`
      })
      const legend = bottom + 62 + place * LEGEND
      return [
        `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`,
        ...dots,
        `<rect x="${LEFT}" y="${legend - 9}" width="18" height="10" fill="${colour}"/>`,
        text(LEFT + 26, legend, title, 12),
      ].join('\n')
    }),
  ]
  return page(bottom + 62 + series.length * LEGEND, parts)
}

function linearScale(values) {
  const most = Math.max(...values)
  const size = 10 ** Math.floor(Math.log10(most))
  const step = [0.2, 0.5, 1, 2].map((part) => part * size).find((step) => most / step <= 6)
  const marks = Array.from({ length: Math.ceil(most / step) + 1 }, (_, place) => place * step)
  return { marks, share: (value) => value / marks.at(-1) }
}

function logarithmicScale(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(Math.log10)
  const [from, to] = [Math.floor(least), Math.ceil(most)]
  const marks = Array.from({ length: to - from + 1 }, (_, place) => 10 ** (from + place))
  return { marks, share: (value) => (Math.log10(value) - from) / (to - from) }
}

function page(height, parts) {
  const view = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${view} font-family="${FONT}">
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`
}

function text(x, y, words, size, anchor = 'start') {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="${INK}">${escaped}</text>`
}
