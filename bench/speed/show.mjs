// Figures as the page shows them.

import { count } from '../../scripts/lib/quantity.mjs'

const MIB = 1024 * 1024

/** A time with three digits: "2.31 µs", "41.2 µs", "7.05 ms", "1.32 s". */
export function time(ms) {
  if (ms < 1) return `${digits(ms * 1000)} µs`
  return ms < 1000 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`
}

export function rate(perSecond) {
  return `${count(Math.round(perSecond / 100) * 100)}/s`
}

export function mebibytes(bytes) {
  return `${digits(bytes / MIB)} MiB`
}

export function times(ratio) {
  return `${digits(ratio)}×`
}

export function percent(share) {
  return `${Math.round(share * 100)} %`
}

/** Three digits, as few decimals as that takes. */
export function digits(number) {
  if (number === 0) return '0'
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(number))))
  return number.toLocaleString('en', { maximumFractionDigits: Math.min(decimals, 3) })
}
