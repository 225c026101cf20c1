// Names and comments that somebody else wrote, so that they are names and comments and nothing else.

import { printable } from '../printable.mjs'

const MOST_SIGNS = 60
const MOST_LINES = 12
const MOST_IN_LINE = 160

/** A type's name from any text. */
export function identifier(text, otherwise) {
  const words = text.slice(0, 200).match(/[A-Za-z0-9]+/g) ?? []
  const name = words
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('')
    .slice(0, MOST_SIGNS)
  return /^[A-Za-z]/.test(name) ? name : `${otherwise}${name}`
}

export function isIdentifier(text) {
  return /^[A-Za-z_$][\w$]*$/.test(text)
}

/** A name that is not taken yet; it is from now on. */
export function unique(name, taken) {
  let free = name
  for (let number = 2; taken.has(free); number += 1) free = `${name}${number}`
  taken.add(free)
  return free
}

/** A member's name; as text where it is none, or means something else: `new` makes a constructor. */
export function member(name) {
  return isIdentifier(name) && name !== 'new' ? name : quoted(name)
}

/** Text as code has it, on one line whoever reads it. */
export function quoted(text) {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** The lines of a comment; none for no text. */
export function comment(text) {
  const lines = text
    .slice(0, MOST_LINES * MOST_IN_LINE)
    .split('\n')
    .map((line) => harmless(line.trim()))
    .filter((line) => line !== '')
    .slice(0, MOST_LINES)
  if (lines.length === 0) return []
  if (lines.length === 1) return [`/** ${lines[0]} */`]
  return ['/**', ...lines.map((line) => ` * ${line}`), ' */']
}

/** A line of a comment: it does not end the comment, and means nothing to those who read comments, such as compilers. */
export function harmless(line) {
  const short = line.length > MOST_IN_LINE ? `${line.slice(0, MOST_IN_LINE)}…` : line
  return printable(short).replaceAll('*/', '*\\/').replaceAll('@', '\\@')
}
