// Packages made of those in the folder packages.

import { readFileSync } from 'node:fs'

const read = (name) => JSON.parse(readFileSync(new URL(`../packages/${name}.json`, import.meta.url), 'utf8'))
const bunkers = read('bunkers')
const chartering = read('chartering')

/** A small package of another name, such as `Tidewater.Loop`. */
export function named(last) {
  const ir = structuredClone(bunkers)
  ir.distribution[1] = [['tidewater'], [last.toLowerCase()]]
  return Buffer.from(JSON.stringify(ir))
}

/** A package of at least so many bytes: the modules of the example model, as often as it takes. */
export function large(last, bytes) {
  const ir = structuredClone(chartering)
  const [kind, , dependencies, { modules }] = ir.distribution
  const copies = Math.ceil(bytes / JSON.stringify(modules).length)
  const more = Array.from({ length: copies }, (_, copy) =>
    modules.map(([path, definition]) => [[...path, ['copy', String(copy)]], definition]),
  )
  ir.distribution = [kind, [['tidewater'], [last.toLowerCase()]], dependencies, { modules: more.flat() }]
  return Buffer.from(JSON.stringify(ir))
}
