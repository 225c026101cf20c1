// The trials: data. What is measured, of whom, and what it should come to.

import { join } from 'node:path'
import { root } from '../../scripts/lib/places.mjs'
import { digits, mebibytes, percent, rate, time, times } from './show.mjs'

/**
 * @typedef {object} Trial
 * @property {string} name for the command line
 * @property {string} title
 * @property {string} [about] what a reader has to know
 * @property {string} [guest] by its name in guests.mjs; nothing is loaded where there is none
 * @property {'morphir' | 'none'} [lifecycle]
 * @property {boolean} [fresh] each round is a process of its own, and what loading takes counts
 * @property {number} [rounds] at most
 * @property {object[]} [asks] what all contenders are told to do, one thing after the other: acts of acts.mjs
 * @property {Entry[]} contenders
 * @property {boolean} [alike] all have to answer the same
 * @property {[string, (figures: Figures, host: Figures) => string][]} columns
 * @property {{ target: string, judge(all: Record<string, Figures>): { measured: string, met: boolean } }[]} targets
 *
 * @typedef {{ name: string, as?: string, title?: string, open?: object, asks?: object[], unavailable?: string }} Entry `name` is that
 *   of a contender; `unavailable` says why it is not measured
 * @typedef {Record<string, import('./figures.mjs').Figure>} Figures
 */

const ask = (...names) => names.map((name) => ({ name }))
const sdksInWorkers = ask('extism-1', 'extism-2')
const sdksOnMain = ask('extism-1-main', 'extism-2-main')
const oldSdk = { name: 'extism-1', unavailable: 'has no `get_log_level`, which guests of current kits import' }
const small = { method: 'copy', payload: '100 B' }

/** A note on the guest that is all code. */
const LARGE =
  ' This module is the 200 kB one with its functions ten times over: all code, where most modules of this size carry data.'

const medianAndP99 = [
  ['median', ({ times }) => time(times.median)],
  ['99th percentile', ({ times }) => time(times.p99)],
  ['against this host', ({ times: mine }, host) => times(mine.median / host.times.median)],
]
const rates = [
  ['calls a second', ({ rate: mine }) => rate(mine.median)],
  ['against this host', (mine, host) => times(mine.rate.median / host.rate.median)],
]
const loads = [
  ['median', ({ ms }) => time(ms.median)],
  ['longest', ({ ms }) => time(ms.most)],
  ['processors busy', ({ cores }) => (cores === undefined ? '–' : digits(cores.median))],
  ['against this host', ({ ms }, host) => times(ms.median / host.ms.median)],
]
const delays = [
  ['median', ({ times }) => time(times.median)],
  ['longest', ({ times }) => time(times.most)],
  ['event loop held, median', ({ delays }) => (delays === undefined ? '–' : time(delays.median))],
  ['at most', ({ delays }) => (delays === undefined ? '–' : time(delays.most))],
]

/** @type {Trial[]} */
export const trials = [
  {
    name: 'small',
    title: 'One call after another, 100 B of JSON',
    about: 'Written, copied by the guest, read. Nothing leaves the thread on the main thread and in Rust.',
    guest: 'text',
    asks: [{ act: 'each', ...small, calls: 3000 }],
    contenders: [
      ...ask('host', 'host-threads'),
      ...sdksInWorkers,
      // More calls, and it would answer none.
      { name: 'extism-2-kept', asks: [{ act: 'each', ...small, calls: 1000 }] },
      ...ask('worker'),
      ...sdksOnMain,
      ...ask('rust', 'host-backtrace'),
    ],
    columns: medianAndP99,
    targets: [
      {
        target: '≥ 4× faster than either SDK in a worker',
        judge: (all) => {
          const ratios = ['extism-1', 'extism-2'].map((name) => all[name].times.median / all.host.times.median)
          return { measured: ratios.map(times).join(' and '), met: Math.min(...ratios) >= 4 }
        },
      },
      {
        target: 'the raw Rust call and at most 20 µs',
        judge: ({ host, rust }) => {
          const more = host.times.median - rust.times.median
          return { measured: `${time(more)} more than ${time(rust.times.median)}`, met: more <= 0.02 }
        },
      },
      {
        target: '99th percentile ≤ 4× our median',
        judge: ({ host: { times: mine } }) => {
          return { measured: times(mine.p99 / mine.median), met: mine.p99 <= 4 * mine.median }
        },
      },
    ],
  },
  {
    name: 'flight',
    title: '64 calls in flight, 100 B of JSON',
    about:
      "The SDK's plug-ins take one call at a time: theirs stand in line. Each Rust loop has a thread and an engine of its own.",
    guest: 'text',
    asks: [{ act: 'flight', ...small, width: 64, ms: 500 }],
    contenders: [
      { name: 'host', title: 'this host, `instances: 2`', open: { instances: 2 } },
      { name: 'host', as: 'host-1', title: 'this host, `instances: 1`' },
      {
        name: 'host-threads',
        title: 'this host, `instances: 2`, `threads: 2`',
        open: { instances: 2 },
      },
      ...sdksInWorkers,
      ...ask('worker'),
      { name: 'rust', title: 'crate `extism`, one loop', asks: [{ act: 'flight', ...small, threads: 1, ms: 500 }] },
      {
        name: 'rust',
        as: 'rust-2',
        title: 'crate `extism`, two loops',
        asks: [{ act: 'flight', ...small, threads: 2, ms: 500 }],
      },
    ],
    columns: rates,
    targets: [
      {
        target: 'at least the rate of one raw Rust loop',
        judge: ({ host, rust, 'rust-2': two }) => ({
          measured:
            `${percent(host.rate.median / rust.rate.median)} of one loop's ${rate(rust.rate.median)}, ` +
            `${percent(host.rate.median / two.rate.median)} of two loops' ${rate(two.rate.median)}`,
          met: host.rate.median >= rust.rate.median,
        }),
      },
      {
        target: '76,000 calls a second',
        judge: ({ host }) => ({ measured: rate(host.rate.median), met: host.rate.median >= 76_000 }),
      },
    ],
  },
  {
    name: 'many',
    title: '`callMany` of 1,000 small calls',
    about: 'JSON is written and read for each of them; the raw Rust loop has none.',
    guest: 'text',
    asks: [{ act: 'many', ...small, count: 1000, ms: 500 }],
    contenders: [
      ...ask('host'),
      { name: 'host', as: 'host-2', title: 'this host, `instances: 2`', open: { instances: 2 } },
      { name: 'rust', title: 'crate `extism`, one loop', asks: [{ act: 'flight', ...small, threads: 1, ms: 500 }] },
      {
        name: 'javascript',
        title: 'JSON alone, written and read',
        asks: [{ act: 'flight', ...small, width: 1, ms: 500 }],
      },
    ],
    columns: rates,
    targets: [
      {
        target: '≥ 90 % of the raw Rust loop',
        judge: ({ host, rust }) => {
          const share = host.rate.median / rust.rate.median
          return { measured: percent(share), met: share >= 0.9 }
        },
      },
    ],
  },
  ...[
    ['100 B', 'copy', 5000],
    ['100 B', 'echo', 5000],
    ['100 kB', 'copy', 150],
    ['100 kB', 'echo', 150],
  ].map(([payload, method, calls]) => ({
    name: `sync-${payload.replace(' ', '').toLowerCase()}-${method}`,
    title: `\`callSync\`, ${payload} of JSON, ${method === 'copy' ? 'read and written by the guest' : 'not read by the guest'}`,
    about: 'Every limit is in force here; on the main thread the SDK has none, and nothing can end its call.',
    guest: 'text',
    asks: [{ act: 'each', method, payload, calls, how: 'sync' }],
    contenders: [...ask('host'), ...sdksOnMain, ...ask('rust')],
    columns: medianAndP99,
    targets: [
      {
        target: "no slower than the SDK's call on the main thread",
        judge: (all) => {
          const ratios = ['extism-1-main', 'extism-2-main'].map(
            (name) => all[name].times.median / all.host.times.median,
          )
          return { measured: `${ratios.map(times).join(' and ')} of our time`, met: Math.min(...ratios) >= 1 }
        },
      },
    ],
  })),
  ...['100 kB', '1 MB'].map((payload) => ({
    name: `json-${payload.replace(' ', '').toLowerCase()}`,
    title: `\`call\`, ${payload} of JSON that the guest reads and writes`,
    guest: 'text',
    asks: [{ act: 'each', method: 'copy', payload, calls: payload === '1 MB' ? 20 : 150 }],
    contenders: [
      ...ask('host'),
      ...sdksInWorkers,
      ...ask('worker'),
      { name: 'rust', title: 'crate `extism` in Rust: the guest alone' },
      { name: 'javascript', title: 'JSON alone, written and read' },
    ],
    columns: medianAndP99,
    targets: [
      {
        target: "beyond JSON and the guest's own time ≤ 15 %",
        judge: ({ host, rust, javascript }) => {
          const least = rust.times.median + javascript.times.median
          const more = host.times.median / least - 1
          return { measured: `${percent(more)} more than ${time(least)}`, met: more <= 0.15 }
        },
      },
    ],
  })),
  ...[
    ['3.5 MB', '3.5 MB', 10],
    ['100 MB', '100 MB', 3],
  ].map(([name, payload, calls]) => ({
    name: `raw-${name.replace(' ', '').toLowerCase()}`,
    title: `\`callRaw\` of ${name} that the guest does not read`,
    about:
      'There are four copies in it: two on the JavaScript thread, two on the thread that runs the guest. Copies as large as 100 MB go ' +
      'into memory that is new to the process, and what the system takes for that is most of their time.',
    guest: 'text',
    rounds: 5,
    alike: true,
    asks: [{ act: 'watched', method: 'echo', payload, calls }],
    contenders: [
      ...ask('host'),
      ...sdksInWorkers,
      { name: 'worker', title: 'a plain worker thread' },
      {
        name: 'rust',
        title: 'one copy, in Rust',
        asks: [{ act: 'copies', payload, calls: calls * 3 }],
      },
    ],
    columns: delays,
    targets: [
      ...(payload === '3.5 MB'
        ? [
            {
              target: 'no event-loop delay above 5 ms',
              judge: ({ host }) => ({ measured: time(host.delays.most), met: host.delays.most <= 5 }),
            },
          ]
        : [
            {
              target: 'event loop held by the two copies alone (within 2×)',
              judge: ({ host, rust }) => ({
                measured: `${time(host.delays.median)} for two copies of ${time(rust.times.median)} each`,
                met: host.delays.median <= 2 * 2 * rust.times.median,
              }),
            },
          ]),
      {
        target: 'within 2× of four copies',
        judge: ({ host, rust }) => {
          const ratio = host.times.median / (4 * rust.times.median)
          return { measured: times(ratio), met: ratio <= 2 }
        },
      },
    ],
  })),
  {
    name: 'ir',
    title: 'A whole IR: rename its package',
    about:
      'The same result from everybody, which is checked. Plain JavaScript reads, walks and writes the IR on the main thread.',
    guest: 'rename',
    rounds: 5,
    alike: true,
    asks: [{ act: 'watched', method: 'transform', payload: 'large IR', calls: 3 }],
    contenders: [
      { name: 'host', title: 'this host, `callRaw`' },
      {
        name: 'host',
        as: 'host-json',
        title: 'this host, `call` with objects',
        asks: [{ act: 'watched', method: 'transform', payload: 'large IR', calls: 3, how: 'call' }],
      },
      oldSdk,
      ...ask('extism-2', 'extism-2-main'),
      { name: 'rust', asks: [{ act: 'each', method: 'transform', payload: 'large IR', calls: 3 }] },
      ...ask('javascript'),
    ],
    columns: delays,
    targets: [
      {
        target: 'no event-loop delay above 5 ms (`callRaw`)',
        judge: ({ host }) => ({ measured: time(host.delays.most), met: host.delays.most <= 5 }),
      },
    ],
  },
  ...[
    ['text', '1 kB'],
    ['rename', '200 kB'],
    ['large', '2 MB'],
  ].map(([guest, size]) => ({
    name: `load-${size.replace(' ', '').toLowerCase()}`,
    title: `Load of a ${size} module, nothing cached, in a new process`,
    rounds: guest === 'large' ? 5 : 10,
    about:
      "Until `initialize` and `capabilities` have answered. V8 compiles a function when it is first called, the engine all at once. The compiler's own time is the crate's `compile` with the same settings." +
      (guest === 'large' ? LARGE : ''),
    guest,
    fresh: true,
    contenders: [
      ...ask('host'),
      guest === 'text' ? { name: 'extism-1' } : oldSdk,
      ...ask('extism-2', 'extism-2-main', 'rust'),
    ],
    columns: [
      ...loads,
      ["compiler's own time", ({ compile }) => (compile === undefined ? '–' : time(compile.median))],
      ["without Extism's kernel", ({ guest }) => (guest === undefined ? '–' : time(guest.median))],
    ],
    targets: [
      {
        target: "within 1.2× of the engine's own compile time",
        judge: ({ host, rust }) => {
          const ratio = host.ms.median / rust.compile.median
          return {
            measured: `${times(ratio)} of ${time(rust.compile.median)}, ${digits(host.cores.median)} processors busy`,
            met: ratio <= 1.2,
          }
        },
      },
    ],
  })),
  ...[
    ['text', '1 kB', 3],
    ['rename', '200 kB', 3],
    ['large', '2 MB', 5],
    ['javascript', 'JavaScript', 60],
    ['python', 'Python', 60],
  ].map(([guest, what, most]) => ({
    name: `warm-${what.replace(' ', '').toLowerCase()}`,
    title: `Load of ${/\d/.test(what) ? `a ${what} module` : `the ${what} extension`} from the cache, in a new process`,
    about: guest === 'large' ? LARGE.trim() : undefined,
    guest,
    fresh: true,
    contenders: [{ name: 'host', open: { cacheDir: true } }, ...ask('extism-2')],
    columns: loads,
    targets: [
      {
        target: `≤ ${most} ms`,
        judge: ({ host: { ms } }) => ({ measured: time(ms.median), met: ms.median <= most }),
      },
    ],
  })),
  ...[
    ['text', '1 kB'],
    ['rename', '200 kB'],
    ['large', '2 MB'],
  ].map(([guest, size]) => ({
    name: `instances-${size.replace(' ', '').toLowerCase()}`,
    title: `A further instance of a ${size} module, from the cache`,
    guest,
    fresh: true,
    rounds: guest === 'large' ? 3 : 10,
    asks: [{ act: 'each', method: 'initialize', payload: 'nothing', calls: 200 }],
    contenders: [
      { name: 'host', title: '`instances: 1`', open: { cacheDir: true } },
      { name: 'host', as: 'host-8', title: '`instances: 8`', open: { cacheDir: true, instances: 8 } },
      {
        name: 'host',
        as: 'host-8-cold',
        title: '`instances: 8`, nothing cached',
        open: { instances: 8 },
      },
    ],
    columns: [...loads, ['`initialize`, called again', ({ times }) => time(times.median)]],
    targets: [
      {
        target: '≤ 1 ms and its `initialize`',
        judge: ({ host, 'host-8': eight }) => {
          const each = (eight.ms.median - host.ms.median) / 7
          const initialize = eight.times.median
          return { measured: `${time(each)}, ${time(initialize)} of them`, met: each <= 1 + initialize }
        },
      },
    ],
  })),
  {
    name: 'memory',
    title: 'Memory of an idle extension',
    about:
      'By how much the process grows for each of 100 more of a 1 kB module that have answered one call (20 where each has a worker).',
    guest: 'text',
    fresh: true,
    rounds: 3,
    asks: [{ act: 'all', ...small }],
    contenders: [
      { name: 'host', title: 'this host, from the cache', open: { cacheDir: true, times: 100 } },
      { name: 'host', as: 'host-uncached', title: 'this host, nothing cached', open: { times: 100 } },
      ...['extism-1', 'extism-2'].map((name) => ({ name, open: { times: 20 } })),
      ...['extism-1-main', 'extism-2-main'].map((name) => ({ name, open: { times: 100 } })),
    ],
    columns: [
      ['each', ({ each }) => mebibytes(each.median)],
      ['load of each', ({ ms }) => time(ms.median)],
      ['threads', ({ threads }) => digits(threads.median)],
    ],
    targets: [
      {
        target: '≤ 0.5 MB each',
        judge: ({ host, 'host-uncached': uncached }) => ({
          measured: `${mebibytes(host.each.median)} from the cache, ${mebibytes(uncached.each.median)} without`,
          met: Math.max(host.each.median, uncached.each.median) <= 500_000,
        }),
      },
    ],
  },
  {
    name: 'thousand',
    title: '1,000 extensions in one process',
    about: 'All of a 1 kB module; each answers one call at the end.',
    guest: 'text',
    fresh: true,
    rounds: 1,
    asks: [{ act: 'all', ...small }],
    contenders: [
      { name: 'host', title: 'this host, from the cache', open: { cacheDir: true, times: 1000 } },
      { name: 'host', as: 'host-uncached', title: 'this host, nothing cached', open: { times: 1000 } },
    ],
    columns: [
      ['load of each', ({ ms }) => time(ms.median)],
      ['memory of the process', ({ rss }) => mebibytes(rss.median)],
      ['threads', ({ threads }) => digits(threads.median)],
      ['descriptors', ({ files }) => digits(files.median)],
      ['first call, median', ({ times }) => time(times.median)],
      ['answered', ({ times }) => digits(times.count)],
    ],
    targets: [
      {
        target: 'works; threads and descriptors are told',
        judge: ({ host }) => ({
          measured: `${mebibytes(host.rss.median)}, ${digits(host.threads.median)} threads, ${digits(host.files.median)} descriptors`,
          met: host.times.count >= 1000,
        }),
      },
    ],
  },
  {
    name: 'busy',
    title: 'The event loop while 10,000 calls a second run',
    about: 'Ten calls each millisecond, 100 B of JSON. Where a contender cannot keep up it says how far it came.',
    guest: 'text',
    rounds: 5,
    asks: [{ act: 'paced', ...small, rate: 10_000, ms: 1500 }],
    contenders: [
      ...ask('host', 'host-threads'),
      ...sdksInWorkers,
      ...ask('extism-2-main'),
      { name: 'host', as: 'idle', title: 'no calls', asks: [{ act: 'paced', rate: 0, ms: 1500 }] },
    ],
    columns: [
      ['calls a second', ({ rate: mine }) => rate(mine.median)],
      ['99th percentile of the delay', ({ late }) => time(late.median)],
      ['longest delay', ({ most }) => time(most.most)],
    ],
    targets: [
      {
        target: '99th percentile ≤ 3 ms',
        judge: ({ host }) => ({
          measured: `${time(host.late.median)} at ${rate(host.rate.median)}`,
          met: host.late.median <= 3 && host.rate.median >= 9900,
        }),
      },
    ],
  },
  {
    name: 'require',
    title: '`require` of the package, in a new process',
    fresh: true,
    contenders: [
      { name: 'host', asks: [{ act: 'import', from: join(root, 'index.js'), name: root }] },
      ...['extism-1', 'extism-2'].map((name) => ({
        name: `${name}-main`,
        title: `\`@extism/extism\` ${name.at(-1)}`,
        asks: [{ act: 'import', from: join(root, 'bench', 'peers', 'package.json'), name }],
      })),
    ],
    columns: [
      ['median', ({ ms }) => time(ms.median)],
      ['longest', ({ ms }) => time(ms.most)],
    ],
    targets: [
      {
        target: '≤ 30 ms',
        judge: ({ host: { ms } }) => ({ measured: time(ms.median), met: ms.median <= 30 }),
      },
    ],
  },
]
