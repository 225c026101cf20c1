// JSON for standard output, which may be a terminal.

import { printable } from './printable.mjs'

/** JSON in one line. */
export function lineOf(value) {
  return printable(JSON.stringify(value))
}

/** JSON to read. */
export function pageOfJson(value) {
  return printable(JSON.stringify(value, null, 2))
}
