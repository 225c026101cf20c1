// The columns of the table: data.

import { count, duration, size } from '../../scripts/lib/quantity.mjs'
import { limits } from './limits.mjs'

const { start, call, rate, memory } = limits

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {{ key: string, show(figure: number): string, limit?: import('./limits.mjs').Limit }[]} parts a figure, or two
 */

/** @type {Column[]} */
export const columns = [
  { title: 'module', parts: [{ key: 'size', show: size }] },
  { title: 'first load', parts: [{ key: 'firstLoad', show: duration, limit: start }] },
  { title: 'load from the cache', parts: [{ key: 'cachedLoad', show: duration, limit: start }] },
  { title: 'memory of an instance', parts: [{ key: 'memory', show: size, limit: memory }] },
  {
    title: 'echo: median / p99',
    parts: [
      { key: 'echo', show: duration, limit: call },
      { key: 'echoSlow', show: duration, limit: call },
    ],
  },
  {
    title: 'transform: median / p99',
    parts: [
      { key: 'transform', show: duration, limit: call },
      { key: 'transformSlow', show: duration, limit: call },
    ],
  },
  { title: 'transform of 1 MB', parts: [{ key: 'large', show: duration }] },
  { title: 'calls a second', parts: [{ key: 'rate', show: (calls) => count(Math.round(calls)), limit: rate }] },
]
