// Tables in a page of docs/ that scripts write, each between two comments.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../scripts/lib/failure.mjs'
import { root } from '../scripts/lib/places.mjs'

/** Puts text between `<!-- name: made by … -->` and `<!-- /name -->`. */
export function writePart(page, name, text) {
  const path = join(root, page)
  const before = readFileSync(path, 'utf8')
  const part = new RegExp(`(<!-- ${name}: .*? -->\n)[^]*(<!-- /${name} -->)`)
  if (!part.test(before)) {
    throw new Failure(`${page} has no place for the table.`, {
      advice: `add the lines <!-- ${name}: made by npm run ${name} --> and <!-- /${name} --> where it belongs.`,
    })
  }
  writeFileSync(
    path,
    before.replace(part, (_, begin, end) => `${begin}\n${text}\n\n${end}`),
  )
}

/** Rows of cells as a table, the first row its head. */
export function markdownTable([head, ...rows]) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** When, where and how a table was made, as a sentence. */
export function provenance(command) {
  const today = new Date().toISOString().slice(0, 10)
  return `Made on ${today} by \`${command}\` with Node.js ${process.version} on ${process.platform} ${process.arch}.`
}
