// How cost grows: data. Each curve is a trial for each of its points.

import { mebibytes, rate, time } from './show.mjs'

const BYTES = { '100 B': 100, '10 kB': 1e4, '100 kB': 1e5, '1 MB': 1e6, '10 MB': 1e7 }
const plain = (number) => number.toLocaleString('en')

/**
 * @typedef {object} Curve
 * @property {string} name for the command line
 * @property {string} title
 * @property {string} about
 * @property {(number | string)[]} xs
 * @property {(x: number | string) => import('./list.mjs').Trial} trial
 * @property {(figures: import('./list.mjs').Figures) => number} y
 * @property {string} xTitle
 * @property {string} yTitle
 * @property {boolean} [logarithmic] whether its upright axis is; the other one always is
 * @property {(x: number | string) => string} showX
 * @property {(y: number) => string} showY
 * @property {(x: number | string) => number} [at] where a point is on the axis, where that is not the point itself
 */

/** @type {Curve[]} */
export const curves = [
  {
    name: 'payload',
    title: 'Time of a call by the size of its payload',
    about: 'Bytes in, bytes out; the guest reads and writes them.',
    xs: Object.keys(BYTES),
    at: (x) => BYTES[x],
    trial: (payload) => ({
      name: 'payload',
      guest: 'text',
      rounds: 5,
      asks: [
        {
          act: 'each',
          method: 'copy',
          payload,
          calls: Math.max(3, Math.round(1e6 / (1000 + BYTES[payload]))),
          how: 'raw',
        },
      ],
      contenders: ['host', 'extism-1', 'extism-2', 'extism-2-main', 'rust'].map((name) => ({ name })),
    }),
    y: ({ times }) => times.median,
    logarithmic: true,
    xTitle: 'payload',
    yTitle: 'time of a call',
    showX: String,
    showY: time,
  },
  {
    name: 'in-flight',
    title: 'Calls a second by how many are in flight',
    about: "100 B of JSON, copied by the guest, with `instances: 2`. The SDK's plug-in takes one call at a time.",
    xs: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    trial: (width) => ({
      name: 'in-flight',
      guest: 'text',
      rounds: 3,
      asks: [{ act: 'flight', method: 'copy', payload: '100 B', width, ms: 500 }],
      contenders: [
        { name: 'host', open: { instances: 2 } },
        { name: 'host-threads', open: { instances: 2 } },
        { name: 'extism-2' },
        { name: 'worker' },
      ],
    }),
    y: (figures) => figures.rate.median,
    xTitle: 'calls in flight',
    yTitle: 'calls a second',
    showX: plain,
    showY: rate,
  },
  {
    name: 'instances',
    title: 'Calls a second by instances',
    about:
      'A guest that counts to 100,000 in each call, 64 calls in flight. At most three run at once on the default pool of libuv; Rust has a thread for each loop.',
    xs: [1, 2, 3, 4, 6, 8],
    trial: (instances) => ({
      name: 'instances',
      guest: 'text',
      rounds: 3,
      asks: [{ act: 'flight', method: 'spin', payload: '100 B', width: 64, ms: 500 }],
      contenders: [
        { name: 'host', open: { instances } },
        { name: 'rust', asks: [{ act: 'flight', method: 'spin', payload: '100 B', threads: instances, ms: 500 }] },
      ],
    }),
    y: (figures) => figures.rate.median,
    xTitle: 'instances',
    yTitle: 'calls a second',
    showX: plain,
    showY: rate,
  },
  {
    name: 'extensions',
    title: 'Memory of the process by loaded extensions',
    about: 'All of a 1 kB module. The SDK in workers is measured up to 30, because each takes a worker.',
    xs: [2, 10, 30, 100, 300, 1000],
    trial: (times) => ({
      name: 'extensions',
      guest: 'text',
      fresh: true,
      rounds: 1,
      contenders: [
        { name: 'host', open: { times, cacheDir: true } },
        { name: 'extism-2-main', open: { times } },
        ...(times <= 30 ? [{ name: 'extism-2', open: { times } }] : []),
      ],
    }),
    y: ({ rss }) => rss.median,
    logarithmic: true,
    xTitle: 'loaded extensions',
    yTitle: 'memory of the process',
    showX: plain,
    showY: mebibytes,
  },
]
