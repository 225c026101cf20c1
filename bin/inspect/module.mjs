// What a module says of itself, read from its bytes without compiling or running any of it. Whatever is beyond the end, or not what
// the format has there, is the end of reading: the host refuses such a module and says why.

const KINDS = ['function', 'table', 'memory', 'global', 'tag']
/** A hostile module has a million of everything: this is for people. */
const MOST = 10_000

/** The module does not keep to the format. */
export class Malformed extends Error {}

/** What a file begins with. */
export function formatOf(bytes) {
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== 0x0061736d) return 'none'
  const version = bytes.readUInt16LE(4)
  const layer = bytes.readUInt16LE(6)
  if (layer === 1) return 'component'
  return version === 1 && layer === 0 ? 'module' : 'unknown'
}

/** Exports, imports, memories, and what tools left: a start function, custom sections, the names of producers. */
export function readModule(bytes) {
  const found = { exports: [], imports: [], memories: [], custom: [], producers: [], start: false, functions: 0 }
  const reader = new Reader(bytes, 8, bytes.length)
  while (!reader.atEnd()) {
    const id = reader.byte()
    const section = reader.part(reader.number())
    SECTIONS[id]?.(section, found)
  }
  return found
}

const SECTIONS = {
  0: (section, found) => {
    const size = section.left()
    const name = section.name()
    if (found.custom.length < MOST) found.custom.push({ name, bytes: size })
    if (name === 'producers') found.producers = producers(section)
  },
  2: (section, found) => {
    for (const _ of section.each()) {
      const [module, name, kind] = [section.name(), section.name(), KINDS[section.byte()]]
      const memory = section.skipType(kind)
      if (memory !== undefined && found.memories.length < MOST) found.memories.push({ ...memory, imported: true })
      if (found.imports.length < MOST) found.imports.push({ module, name, kind })
    }
  },
  3: (section, found) => {
    found.functions = section.number()
  },
  5: (section, found) => {
    for (const _ of section.each()) {
      const memory = section.limits()
      if (found.memories.length < MOST) found.memories.push(memory)
    }
  },
  7: (section, found) => {
    for (const _ of section.each()) {
      const [name, kind] = [section.name(), KINDS[section.byte()]]
      section.number()
      if (found.exports.length < MOST) found.exports.push({ name, kind })
    }
  },
  8: (_, found) => {
    found.start = true
  },
}

/** With what it was made, as far as the tools said so. */
function producers(section) {
  const tools = []
  for (const _ of section.each()) {
    section.name()
    for (const _ of section.each()) {
      const [name, version] = [section.name(), section.name()]
      if (tools.length < MOST) tools.push(version === '' ? name : `${name} ${version}`)
    }
  }
  return tools
}

class Reader {
  #bytes
  #at
  #end

  constructor(bytes, at, end) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  atEnd() {
    return this.#at >= this.#end
  }

  left() {
    return this.#end - this.#at
  }

  byte() {
    if (this.atEnd()) throw new Malformed(`it ends in the middle of something, at byte ${this.#end}`)
    return this.#bytes[this.#at++]
  }

  /** An unsigned number of at most 64 bits, in groups of seven. */
  number() {
    let value = 0
    for (let group = 0; group < 10; group += 1) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** (7 * group)
      if (byte < 0x80) return value
    }
    throw new Malformed(`a number at byte ${this.#at} is too long`)
  }

  part(length) {
    if (length > this.left()) throw new Malformed(`it is cut off: ${length} bytes should follow byte ${this.#at}`)
    const part = new Reader(this.#bytes, this.#at, this.#at + length)
    this.#at += length
    return part
  }

  name() {
    const { start, end } = this.part(this.number()).#span()
    return this.#bytes.toString('utf8', start, end)
  }

  #span() {
    return { start: this.#at, end: this.#end }
  }

  /** The indexes of a list, whose entries each take a byte at least. */
  *each() {
    const count = this.number()
    if (count > this.left()) throw new Malformed(`a list at byte ${this.#at} has more entries than bytes`)
    for (let index = 0; index < count; index += 1) yield index
  }

  /** In pages of 64 KiB. */
  limits() {
    const flags = this.byte()
    const minimum = this.number()
    const maximum = flags & 1 ? this.number() : undefined
    if (flags & 8) this.number()
    return {
      minimum,
      ...(maximum !== undefined && { maximum }),
      ...(flags & 2 && { shared: true }),
      ...(flags & 4 && { is64: true }),
    }
  }

  /** Passes over the type of an import; answers a memory's. */
  skipType(kind) {
    if (kind === 'function') this.number()
    else if (kind === 'table') {
      this.#skipReference()
      this.limits()
    } else if (kind === 'memory') return this.limits()
    else if (kind === 'global') {
      this.#skipReference()
      this.byte()
    } else if (kind === 'tag') {
      this.byte()
      this.number()
    } else throw new Malformed(`an import before byte ${this.#at} is of a kind that is not known`)
    return undefined
  }

  /** The type of a value; references to other types have a number behind. */
  #skipReference() {
    const type = this.byte()
    if (type === 0x63 || type === 0x64) this.number()
  }
}
