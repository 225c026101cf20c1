'use strict'

// Reads a JSON Schema that somebody else wrote into a form that can be checked step by step, so that how long that takes can be
// bounded. No code is made of it, no address in it is opened, and no regular expression of it is run: one can take for ever.

/** A schema is at most so large: an extension's capabilities are at most a megabyte together. */
const MOST_SCHEMAS = 10_000
const MOST_DEPTH = 400

const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']

/** What is not checked. A schema that has any of it says less than it could, which matters where it is negated. */
const UNCHECKED = [
  'pattern',
  'patternProperties',
  'format',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  'unevaluatedProperties',
  'unevaluatedItems',
  'dependencies',
  '$dynamicRef',
  '$recursiveRef',
]

/** The schema cannot be checked: where and why. */
class Unusable extends Error {}

/** A schema with what it refers to. */
function readSchema(raw) {
  try {
    return new Reading(raw).schema(raw, '', 0)
  } catch (error) {
    // Somebody else's calls have taken most of the stack.
    if (error instanceof RangeError) throw new Unusable('it is nested too deep')
    throw error
  }
}

class Reading {
  #root
  /** Each once, also where references make a circle. */
  #known = new Map()
  #parents = new Map()

  constructor(root) {
    this.#root = root
  }

  schema(raw, place, depth) {
    if (raw === true || raw === false) return { always: raw, partial: false }
    if (!isObject(raw)) throw unusable(place, 'a schema is an object, true or false')
    const known = this.#known.get(raw)
    if (known !== undefined) return known
    if (this.#known.size >= MOST_SCHEMAS) throw unusable(place, `it has more than ${MOST_SCHEMAS} schemas`)
    if (depth > MOST_DEPTH) throw unusable(place, `it is nested more than ${MOST_DEPTH} deep`)
    const schema = { partial: false }
    this.#known.set(raw, schema)
    this.#parents.set(schema, [])
    if (raw.$id !== undefined && raw !== this.#root)
      throw unusable(`${place}/$id`, 'only the whole schema may have an $id')
    for (const [keyword, read] of KEYWORDS) {
      if (!Object.hasOwn(raw, keyword)) continue
      const at = `${place}/${keyword}`
      const part = (value, where = at) => this.#part(schema, value, where, depth + 1)
      schema[keyword] = read(raw[keyword], { at, part, raw, target: (pointer) => this.#target(pointer, at) })
    }
    if (UNCHECKED.some((keyword) => Object.hasOwn(raw, keyword))) this.#mark(schema)
    return schema
  }

  #part(parent, raw, place, depth) {
    const schema = this.schema(raw, place, depth)
    this.#parents.get(schema)?.push(parent)
    if (schema.partial) this.#mark(parent)
    return schema
  }

  /** A schema says less than it could, and so do those it is a part of. */
  #mark(schema) {
    const marked = [schema]
    while (marked.length > 0) {
      const next = marked.pop()
      if (next.partial) continue
      next.partial = true
      marked.push(...this.#parents.get(next))
    }
  }

  /** What a reference within the same schema means. */
  #target(pointer, place) {
    if (typeof pointer !== 'string') throw unusable(place, 'a reference is text')
    if (pointer !== '#' && !pointer.startsWith('#/')) {
      throw unusable(
        place,
        `only what is in the schema itself can be referred to, as "#/$defs/name"; it is ${quote(pointer)}`,
      )
    }
    let target = this.#root
    for (const part of pointer.split('/').slice(1)) {
      const key = unescaped(part)
      if (typeof target !== 'object' || target === null || !Object.hasOwn(target, key)) {
        throw unusable(place, `there is no ${quote(pointer)}`)
      }
      target = target[key]
    }
    return target
  }
}

/** How each keyword is read, in the order in which they are checked: what costs least comes first. */
const KEYWORDS = Object.entries({
  type: (value, { at }) => {
    const types = Array.isArray(value) ? value : [value]
    if (types.length === 0 || types.length > TYPES.length || !types.every((type) => TYPES.includes(type))) {
      throw unusable(at, `a type is one of ${TYPES.join(', ')}, or a list of them`)
    }
    return types
  },
  const: (value) => ({ value }),
  enum: (values, { at }) => {
    if (!Array.isArray(values)) throw unusable(at, 'it must be a list')
    const simple = new Set(values.filter((value) => !isContainer(value)))
    return { simple, others: values.filter(isContainer) }
  },
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: (value, { at }) => {
    if (!(number(value, { at }) > 0)) throw unusable(at, 'it must be more than 0')
    return value
  },
  minLength: count,
  maxLength: count,
  minItems: count,
  maxItems: count,
  minProperties: count,
  maxProperties: count,
  required: names,
  dependentRequired: (value, { at }) => {
    object(value, at)
    return new Map(Object.entries(value).map(([name, list]) => [name, names(list, { at: `${at}/${escaped(name)}` })]))
  },
  uniqueItems: boolean,
  properties: schemasByName,
  patternProperties: (value, { at }) => object(value, at),
  additionalProperties: schema,
  propertyNames: schema,
  dependentSchemas: schemasByName,
  prefixItems: schemas,
  items: (value, context) =>
    Array.isArray(value) ? { places: schemas(value, context) } : { all: schema(value, context) },
  additionalItems: schema,
  contains: schema,
  minContains: count,
  maxContains: count,
  $ref: (pointer, { part, target }) => part(target(pointer), pointer.slice(1)),
  not: schema,
  allOf: schemas,
  anyOf: schemas,
  oneOf: schemas,
  if: schema,
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword; nobody awaits a schema
  then: schema,
  else: schema,
})

function schema(value, { part }) {
  return part(value)
}

function schemas(value, { at, part }) {
  if (!Array.isArray(value)) throw unusable(at, 'it must be a list of schemas')
  return value.map((each, index) => part(each, `${at}/${index}`))
}

function schemasByName(value, { at, part }) {
  object(value, at)
  return new Map(Object.entries(value).map(([name, each]) => [name, part(each, `${at}/${escaped(name)}`)]))
}

function object(value, at) {
  if (!isObject(value)) throw unusable(at, 'it must be an object')
  return value
}

function number(value, { at }) {
  if (typeof value !== 'number') throw unusable(at, 'it must be a number')
  return value
}

function count(value, { at }) {
  if (!Number.isInteger(value) || value < 0) throw unusable(at, 'it must be a whole number from 0 on')
  return value
}

function boolean(value, { at }) {
  if (typeof value !== 'boolean') throw unusable(at, 'it must be true or false')
  return value
}

function names(value, { at }) {
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
    throw unusable(at, 'it must be a list of names')
  }
  return value
}

function isContainer(value) {
  return typeof value === 'object' && value !== null
}

function isObject(value) {
  return isContainer(value) && !Array.isArray(value)
}

function unusable(place, what) {
  return new Unusable(`${place === '' ? 'it' : quote(place)}: ${what}`)
}

function quote(text) {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}

/** A name as a part of a JSON Pointer, and back. */
function escaped(name) {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function unescaped(part) {
  let text = part
  try {
    text = decodeURIComponent(part)
  } catch {
    // Not percent-encoded, then.
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~')
}

module.exports = { Unusable, escaped, isContainer, readSchema, unescaped }
