// Flat means: the second half of what is left after warming up uses no more than the first.

const MIB = 1024 * 1024
/** This much of the time is for warming up: caches, thread stacks, the allocator's arenas. */
const WARM_UP = 0.25
/** A run shorter than this, in seconds, ends while memory still warms up: it shows what grows with each call, and no more. */
const SHORT = 600

/** What is judged, and how much more the second half may use: a share, and something for what comes in steps. */
export const figures = [
  {
    name: 'rss',
    label: 'Memory (RSS)',
    share: 0.05,
    step: 16 * MIB,
    /** Worker threads, the allocator and V8 take their share by and by: in an hour's run memory came to a level after ten minutes. */
    warming: 32 * MIB,
    show: (value) => `${(value / MIB).toFixed(1)} MiB`,
  },
  { name: 'threads', label: 'Threads', share: 0.05, step: 3, show: String },
  { name: 'files', label: 'Open files', share: 0.05, step: 3, show: String },
]
/** Threads and open files that the first use of a host starts, once for the process: timers, and Node's own. */
const ONCE = 6

/**
 * @param {object[]} samples
 * @param {{ tally: object, unexpected: Map<string, number> }} crew
 */
export function judge(samples, { tally, unexpected }) {
  const during = samples.filter(({ at }) => at === undefined)
  const [before, after] = ['before', 'after'].map((when) => samples.find(({ at }) => at === when))
  const end = during.at(-1).seconds
  const [warm, middle] = [end * WARM_UP, (end * (1 + WARM_UP)) / 2]
  const halves = [
    during.filter(({ seconds }) => seconds > warm && seconds <= middle),
    during.filter(({ seconds }) => seconds > middle),
  ]
  const lines = []
  const medians = {}
  let flat = true
  for (const { name, label, share, step, warming = 0, show } of figures.filter(
    ({ name }) => before[name] !== undefined,
  )) {
    const [first, second] = halves.map((half) => median(half.map((sample) => sample[name])))
    const peaks = halves.map((half) => Math.max(...half.map((sample) => sample[name])))
    const grew = second > first * (1 + share) + step + (end < SHORT ? warming : 0)
    // Memory that the allocator keeps is no leak; a thread or a file that stays behind is.
    const left = name !== 'rss' && after[name] > before[name] + ONCE
    flat &&= !grew && !left
    medians[name] = [first, second]
    lines.push(
      `${label}: ${show(before[name])} before; median ${show(first)}, then ${show(second)}${grew ? ' (GREW)' : ''}; ` +
        `peak ${show(peaks[0])}, then ${show(peaks[1])}; ${show(after[name])} after${left ? ' (LEFT BEHIND)' : ''}`,
    )
  }
  const codes = Object.entries(tally.outcomes).toSorted(([, one], [, other]) => other - one)
  lines.push(`Calls: ${tally.calls} in ${end} s, from ${tally.workers} worker threads, ${tally.late} late`)
  lines.push(codes.map(([code, times]) => `${code} ${times}`).join(', '))
  return { flat, warm, middle, end, medians, lines, unexpectedCount: tally.unexpected, unexpected: [...unexpected] }
}

function median(numbers) {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1]
}
