'use strict'

// Checks a value against a schema that was read. It says that something is wrong only where it is; where a schema says what is not
// checked, such as a pattern, it may say nothing. Each step is counted: a small schema can ask for more of them than there is time.

const { escaped, isContainer } = require('./read.js')

/** Alternatives within alternatives, and values within values. */
const MOST_DEPTH = 800

/** What is wrong with the value that is checked, and where in it. */
class Fault {
  /** @param {object} path @param {() => string} what said only where somebody hears it: most faults are of alternatives */
  constructor(path, what) {
    this.path = path
    this.what = what
  }

  toString() {
    return `${shorten(inWords(this.path))} ${this.what()}`
  }
}

/** The check takes more steps than it may. */
class TooMuch extends Error {}

/**
 * What is wrong with a value, in words that begin with its name, or nothing.
 * @param {object} schema what `readSchema` answered
 * @param {unknown} value as `JSON.parse` makes it
 * @param {string} name how the value is called
 * @param {number} steps how many steps the check may take
 */
function faultOf(schema, value, name, steps) {
  try {
    return new Check(steps).fault(schema, value, { name, depth: 0 }, 0)?.toString()
  } catch (error) {
    // Somebody else's calls have taken most of the stack.
    throw error instanceof RangeError ? new TooMuch() : error
  }
}

class Check {
  #left

  constructor(steps) {
    this.#left = steps
  }

  #step(count = 1) {
    this.#left -= count
    if (this.#left < 0) throw new TooMuch()
  }

  /** What is wrong with a value at a path: a `Fault`, or undefined. */
  fault(schema, value, path, depth) {
    this.#step()
    if (schema.always !== undefined) return schema.always ? undefined : new Fault(path, () => 'is not allowed')
    if (depth > MOST_DEPTH) throw new TooMuch()
    return (
      this.#itself(schema, value, path) ??
      (Array.isArray(value) ? this.#items(schema, value, path, depth) : undefined) ??
      (isContainer(value) && !Array.isArray(value) ? this.#properties(schema, value, path, depth) : undefined) ??
      this.#combined(schema, value, path, depth + 1)
    )
  }

  #itself(schema, value, path) {
    if (schema.type !== undefined && !schema.type.some((type) => hasType(value, type))) {
      return new Fault(path, () => `must be ${schema.type.join(' or ')}`)
    }
    if (schema.const !== undefined && !this.#equal(schema.const.value, value)) {
      return new Fault(path, () => `must be ${quote(schema.const.value)}`)
    }
    if (schema.enum !== undefined && !this.#isAmong(schema.enum, value)) {
      return new Fault(path, () => `must be one of ${quote([...schema.enum.simple, ...schema.enum.others])}`)
    }
    if (typeof value === 'number') return numberFault(schema, value, path)
    if (typeof value === 'string') return this.#stringFault(schema, value, path)
    return undefined
  }

  #stringFault({ minLength, maxLength }, value, path) {
    if (minLength === undefined && maxLength === undefined) return undefined
    this.#step(value.length / 8)
    // Signs, as JSON Schema counts, of which some take two units.
    let length = value.length
    for (let index = 1; index < value.length; index += 1) if (value.codePointAt(index - 1) > 0xffff) length -= 1
    if (length < minLength) return new Fault(path, () => `must have at least ${minLength} characters`)
    if (length > maxLength) return new Fault(path, () => `must have at most ${maxLength} characters`)
    return undefined
  }

  #items(schema, list, path, depth) {
    if (list.length < schema.minItems) return new Fault(path, () => `must have at least ${schema.minItems} items`)
    if (list.length > schema.maxItems) return new Fault(path, () => `must have at most ${schema.maxItems} items`)
    if (schema.uniqueItems) {
      const twice = this.#twice(list)
      if (twice !== undefined)
        return new Fault(path, () => `must have no item twice: items ${twice.join(' and ')} are the same`)
    }
    const places = schema.prefixItems ?? schema.items?.places ?? []
    const others = schema.items?.places === undefined ? schema.items?.all : schema.additionalItems
    if (places.length > 0 || others !== undefined) {
      for (const [index, item] of list.entries()) {
        const expected = places[index] ?? others
        if (expected === undefined) break
        const fault = this.fault(expected, item, { parent: path, key: index, depth: path.depth + 1 }, depth + 1)
        if (fault !== undefined) return fault
      }
    }
    return schema.contains === undefined ? undefined : this.#contains(schema, list, path, depth)
  }

  #contains({ contains, minContains = 1, maxContains = Infinity }, list, path, depth) {
    let count = 0
    for (const item of list) {
      if (this.fault(contains, item, path, depth + 1) === undefined) count += 1
    }
    if (count < minContains)
      return new Fault(path, () => `must have at least ${minContains} items of a kind; it has ${count}`)
    if (count > maxContains && !contains.partial) {
      return new Fault(path, () => `must have at most ${maxContains} items of a kind; it has ${count}`)
    }
    return undefined
  }

  #properties(schema, value, path, depth) {
    const {
      required = [],
      properties,
      additionalProperties,
      propertyNames,
      dependentRequired,
      dependentSchemas,
    } = schema
    for (const name of required) {
      this.#step()
      if (!Object.hasOwn(value, name)) return new Fault(path, () => `must have ${quote(name)}`)
    }
    const names = Object.keys(value)
    this.#step(names.length)
    if (names.length < schema.minProperties)
      return new Fault(path, () => `must have at least ${schema.minProperties} properties`)
    if (names.length > schema.maxProperties)
      return new Fault(path, () => `must have at most ${schema.maxProperties} properties`)
    // Which names a pattern takes is not known, so nothing is known to be additional.
    const additional = schema.patternProperties === undefined ? additionalProperties : undefined
    if (properties === undefined && additional === undefined && propertyNames === undefined) {
      return this.#dependent(dependentRequired, dependentSchemas, value, path, depth)
    }
    for (const name of names) {
      const at = { parent: path, key: name, depth: path.depth + 1 }
      if (propertyNames !== undefined && this.fault(propertyNames, name, at, depth + 1) !== undefined) {
        return new Fault(path, () => `must not have a property named ${quote(name)}`)
      }
      const expected = properties?.get(name) ?? additional
      if (expected === undefined) continue
      if (expected.always === false) return new Fault(path, () => `must not have ${quote(name)}`)
      const fault = this.fault(expected, value[name], at, depth + 1)
      if (fault !== undefined) return fault
    }
    return this.#dependent(dependentRequired, dependentSchemas, value, path, depth)
  }

  #dependent(required = [], schemas = [], value, path, depth) {
    for (const [name, others] of required) {
      this.#step(others.length + 1)
      const missing = Object.hasOwn(value, name) ? others.find((other) => !Object.hasOwn(value, other)) : undefined
      if (missing !== undefined)
        return new Fault(path, () => `must have ${quote(missing)}, because it has ${quote(name)}`)
    }
    for (const [name, schema] of schemas) {
      this.#step()
      const fault = Object.hasOwn(value, name) ? this.fault(schema, value, path, depth + 1) : undefined
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #combined(schema, value, path, depth) {
    const { $ref, not, allOf = [], anyOf, oneOf } = schema
    for (const each of $ref === undefined ? allOf : [$ref, ...allOf]) {
      const fault = this.fault(each, value, path, depth)
      if (fault !== undefined) return fault
    }
    if (not !== undefined && !not.partial && this.fault(not, value, path, depth) === undefined) {
      return new Fault(path, () => 'is what it must not be')
    }
    if (schema.if !== undefined) {
      const fault = this.#conditional(schema, value, path, depth)
      if (fault !== undefined) return fault
    }
    return (
      (anyOf === undefined ? undefined : this.#alternatives(anyOf, value, path, depth, false)) ??
      (oneOf === undefined ? undefined : this.#alternatives(oneOf, value, path, depth, true))
    )
  }

  #conditional(schema, value, path, depth) {
    const holds = this.fault(schema.if, value, path, depth) === undefined
    if (holds && schema.if.partial) return undefined
    const expected = holds ? schema.then : schema.else
    return expected === undefined ? undefined : this.fault(expected, value, path, depth)
  }

  #alternatives(schemas, value, path, depth, onlyOne) {
    let closest
    let matches = 0
    let surely = 0
    for (const each of schemas) {
      const fault = this.fault(each, value, path, depth)
      if (fault === undefined) {
        if (!onlyOne) return undefined
        matches += 1
        if (!each.partial) surely += 1
      } else if (closest === undefined || fault.path.depth > closest.path.depth) closest = fault
    }
    if (surely > 1) return new Fault(path, () => `must match one alternative only; it matches ${surely}`)
    if (matches > 0) return undefined
    // What came furthest is most likely what was meant.
    if (closest !== undefined && closest.path.depth > path.depth) return closest
    return schemas.length === 1 ? closest : new Fault(path, () => `must match one of ${schemas.length} alternatives`)
  }

  #isAmong({ simple, others }, value) {
    return isContainer(value) ? others.some((other) => this.#equal(other, value)) : simple.has(value)
  }

  #equal(one, other) {
    this.#step()
    if (one === other) return true
    if (!isContainer(one) || !isContainer(other) || Array.isArray(one) !== Array.isArray(other)) return false
    const names = Object.keys(one)
    if (names.length !== Object.keys(other).length) return false
    return names.every((name) => Object.hasOwn(other, name) && this.#equal(one[name], other[name]))
  }

  /** The first two places in a list that hold the same. */
  #twice(list) {
    const seen = new Map()
    for (const [index, item] of list.entries()) {
      const text = this.#canonical(item)
      if (seen.has(text)) return [seen.get(text), index]
      seen.set(text, index)
    }
    return undefined
  }

  /** JSON that is the same for what is equal. */
  #canonical(value) {
    this.#step(typeof value === 'string' ? 1 + value.length / 8 : 1)
    if (Array.isArray(value)) return `[${value.map((item) => this.#canonical(item)).join(',')}]`
    if (!isContainer(value)) return JSON.stringify(value)
    const members = Object.keys(value)
      .toSorted()
      .map((name) => `${JSON.stringify(name)}:${this.#canonical(value[name])}`)
    return `{${members.join(',')}}`
  }
}

function hasType(value, type) {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'null') return value === null
  if (type === 'object') return isContainer(value) && !Array.isArray(value)
  return typeof value === type
}

function numberFault({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }, value, path) {
  if (value < minimum) return new Fault(path, () => `must be at least ${minimum}`)
  if (value > maximum) return new Fault(path, () => `must be at most ${maximum}`)
  if (value <= exclusiveMinimum) return new Fault(path, () => `must be more than ${exclusiveMinimum}`)
  if (value >= exclusiveMaximum) return new Fault(path, () => `must be less than ${exclusiveMaximum}`)
  if (multipleOf !== undefined && !isMultiple(value, multipleOf))
    return new Fault(path, () => `must be a multiple of ${multipleOf}`)
  return undefined
}

/** As people count: 0.3 is three times 0.1. */
function isMultiple(value, of) {
  const times = value / of
  return Number.isInteger(times) || Math.abs(times - Math.round(times)) <= Math.abs(times) * Number.EPSILON
}

/** The name of the value, and behind it a JSON Pointer. */
function inWords(path) {
  const parts = []
  let at = path
  for (; at.parent !== undefined; at = at.parent) parts.push(typeof at.key === 'string' ? escaped(at.key) : at.key)
  return [at.name, ...parts.toReversed()].join('/')
}

function quote(value) {
  return shorten(JSON.stringify(value))
}

function shorten(text) {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

module.exports = { TooMuch, faultOf }
