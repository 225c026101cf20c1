// JSON Schemas as TypeScript types. What types cannot say is left out; a schema that cannot be used is `unknown`.

import read from '../../lib/schema/read.js'
import { comment, identifier, member, quoted, unique } from './names.mjs'

const { Unusable, readSchema, unescaped } = read

/** Types within types, and types in all: beyond them everything is `unknown`. */
const MOST_DEPTH = 40
const MOST_TYPES = 10_000
/** Longer lists of values, and longer texts, help nobody. */
const MOST_VALUES = 200
const MOST_SIGNS = 200

const SIMPLE = { null: 'null', boolean: 'boolean', number: 'number', integer: 'number', string: 'string' }
const OF_OBJECTS = ['properties', 'required', 'additionalProperties', 'propertyNames']
const OF_ARRAYS = ['items', 'prefixItems', 'contains']

/** All types of a declaration. */
export class Schemas {
  #taken
  #declarations = []
  #left = MOST_TYPES

  /** @param {Set<string>} taken names that are no more to be had */
  constructor(taken) {
    this.#taken = taken
  }

  /** Declares a schema's type under a name, unless it has a short one of its own. */
  read(schema, name, side) {
    try {
      readSchema(schema)
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      return { type: 'unknown', problem: error.message }
    }
    const before = this.#declarations.length
    let written
    try {
      written = new Writing(schema, name, side, this).root()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      // One reference behind the other uses up the stack; what was declared on the way lacks the rest.
      this.#declarations.length = before
      return { type: 'unknown', problem: 'it is nested too deep' }
    }
    const { type, named } = written
    if (!named && !type.includes('\n')) return { type }
    this.declare(name, type, schema)
    return { type: name }
  }

  declare(name, type, schema) {
    this.#declarations.push('', ...comment(descriptionOf(schema)), `export type ${name} = ${type}`)
  }

  declarations() {
    return this.#declarations
  }

  name(wanted) {
    return unique(wanted, this.#taken)
  }

  /** Whether there may be another type. */
  another() {
    this.#left -= 1
    return this.#left >= 0
  }
}

/** One schema, and what it refers to. */
class Writing {
  #whole
  #name
  #side
  #schemas
  /** By schema, the name of its type: of those that something refers to. */
  #named = new Map()

  constructor(whole, name, side, schemas) {
    this.#whole = whole
    this.#name = name
    this.#side = side
    this.#schemas = schemas
  }

  /** The type of the whole, and whether something in it goes by its name. */
  root() {
    if (refersInPlace(this.#whole, this.#whole)) return { type: 'unknown', named: false }
    const named = refersToWhole(this.#whole)
    if (named) this.#named.set(this.#whole, this.#name)
    return { type: this.#type(this.#whole, 0), named }
  }

  #type(schema, depth) {
    if (schema === true) return 'unknown'
    if (schema === false) return 'never'
    if (depth > MOST_DEPTH || !this.#schemas.another()) return 'unknown'
    const parts = [
      this.#itself(schema, depth),
      ...(schema.$ref === undefined ? [] : [this.#reference(schema.$ref)]),
      ...(schema.allOf ?? []).map((each) => this.#type(each, depth + 1)),
      ...[schema.anyOf, schema.oneOf]
        .filter((alternatives) => alternatives !== undefined)
        .map((alternatives) => union(alternatives.map((each) => this.#type(each, depth + 1)))),
    ].filter((type) => type !== 'unknown')
    return parts.length === 0
      ? 'unknown'
      : [...new Set(parts)].map((part) => (parts.length > 1 ? bracketed(part) : part)).join(' & ')
  }

  #itself(schema, depth) {
    if (Object.hasOwn(schema, 'const')) return literal(schema.const)
    if (schema.enum !== undefined)
      return union(schema.enum.slice(0, MOST_VALUES + 1).map(schema.enum.length > MOST_VALUES ? kind : literal))
    const types = schema.type === undefined ? inferred(schema) : [schema.type].flat()
    return types.length === 0
      ? 'unknown'
      : union(types.map((type) => SIMPLE[type] ?? this.#composed(type, schema, depth)))
  }

  #composed(type, schema, depth) {
    return type === 'object' ? this.#object(schema, depth) : this.#array(schema, depth)
  }

  #object({ properties = {}, required = [], additionalProperties = true }, depth) {
    const names = [...new Set([...Object.keys(properties), ...required])]
    if (names.length === 0 && additionalProperties === true) {
      // Whoever gives an object has a type for it already; whoever gets one wants to look into it.
      return this.#side === 'params' ? 'object' : '{ [name: string]: unknown }'
    }
    const lines = names.flatMap((name) => {
      const schema = Object.hasOwn(properties, name) ? properties[name] : true
      const mark = required.includes(name) ? '' : '?'
      return [...comment(descriptionOf(schema)), `${member(name)}${mark}: ${this.#type(schema, depth + 1)}`]
    })
    if (typeof additionalProperties === 'object') {
      // Named members would have to be of the same type.
      const type = names.length === 0 ? this.#type(additionalProperties, depth + 1) : 'unknown'
      lines.push(`[name: string]: ${type}`)
    }
    return lines.length === 0 ? '{ [name: string]: never }' : `{\n${indented(lines.join('\n'))}\n}`
  }

  #array(schema, depth) {
    const { items, prefixItems, additionalItems = true, minItems = 0 } = schema
    const first = prefixItems ?? (Array.isArray(items) ? items : [])
    const others = Array.isArray(items) ? additionalItems : (items ?? true)
    const other = this.#type(others, depth + 1)
    if (first.length === 0) return others === false ? '[]' : `${bracketed(other)}[]`
    const places = first.slice(0, MOST_VALUES).map((each, index) => {
      const type = this.#type(each, depth + 1)
      return index < minItems ? type : `${bracketed(type)}?`
    })
    const rest = others === false && first.length <= MOST_VALUES ? [] : [`...${bracketed(other)}[]`]
    return `[${[...places, ...rest].join(', ')}]`
  }

  /** The name of what a reference leads to, which is declared then. */
  #reference(pointer) {
    const target = targetOf(this.#whole, pointer)
    if (typeof target === 'boolean') return target ? 'unknown' : 'never'
    const known = this.#named.get(target)
    if (known !== undefined) return known
    // A type that is nothing but itself is none.
    if (refersInPlace(this.#whole, target)) return 'unknown'
    const name = this.#schemas.name(`${this.#name}${identifier(pointer.split('/').at(-1), 'Part')}`)
    this.#named.set(target, name)
    this.#schemas.declare(name, this.#type(target, 0), target)
    return name
  }
}

function inferred(schema) {
  if (OF_OBJECTS.some((keyword) => Object.hasOwn(schema, keyword))) return ['object']
  return OF_ARRAYS.some((keyword) => Object.hasOwn(schema, keyword)) ? ['array'] : []
}

/** What a reference within a schema means; that there is something, reading it has shown. */
function targetOf(whole, pointer) {
  return pointer
    .split('/')
    .slice(1)
    .reduce((target, part) => target[unescaped(part)], whole)
}

/** Whether a schema refers to the whole anywhere. */
function refersToWhole(whole) {
  const open = [whole]
  const seen = new Set()
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if (next.$ref === '#') return true
    open.push(...Object.values(next))
  }
  return false
}

/** Whether a schema refers to itself for the same value, not for a part of it. */
function refersInPlace(whole, schema) {
  const open = partsInPlace(whole, schema)
  const seen = new Set()
  while (open.length > 0) {
    const next = open.pop()
    if (next === schema) return true
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...partsInPlace(whole, next))
  }
  return false
}

function partsInPlace(whole, schema) {
  if (typeof schema !== 'object') return []
  const { $ref, allOf = [], anyOf = [], oneOf = [] } = schema
  return [...($ref === undefined ? [] : [targetOf(whole, $ref)]), ...allOf, ...anyOf, ...oneOf]
}

/** The type of one value alone. */
function literal(value) {
  if (typeof value === 'string') return value.length > MOST_SIGNS ? 'string' : quoted(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'number'
  return value === null || typeof value === 'boolean' ? String(value) : kind(value)
}

/** What kind of value it is. */
function kind(value) {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'unknown[]'
  return typeof value === 'object' ? 'object' : typeof value
}

function union(types) {
  if (types.includes('unknown')) return 'unknown'
  const some = [...new Set(types)].filter((type) => type !== 'never')
  if (some.length === 0) return 'never'
  return some.length === 1 ? some[0] : some.map(bracketed).join(' | ')
}

/** A type that can stand in another. */
function bracketed(type) {
  return /^(?:[\w$.]+|"(?:[^"\\]|\\.)*")$/.test(type) || (/^\{[^]*\}$/.test(type) && !type.includes('} '))
    ? type
    : `(${type})`
}

function indented(lines) {
  return lines.replaceAll(/^/gm, '  ')
}

function descriptionOf(schema) {
  return typeof schema === 'object' && typeof schema.description === 'string' ? schema.description : ''
}
