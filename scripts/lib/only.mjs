// What `--only` names, once each.

import { WrongUsage } from './failure.mjs'

/**
 * @param {string[] | undefined} only what was given, each one name or several with commas
 * @param {string[]} names all that there are
 * @param {string} what one of them is
 * @param {string} advice how the script is used
 * @returns {string[]} those that are meant: all of them where none was named
 */
export function chosen(only, names, what, advice) {
  const meant = only?.flatMap((list) => list.split(',')) ?? names
  const unknown = meant.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new WrongUsage(`There is no ${what} named "${unknown}"; there are ${names.join(', ')}.`, advice)
  }
  return [...new Set(meant)]
}
