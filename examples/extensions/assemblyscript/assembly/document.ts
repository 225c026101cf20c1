// Documents the modules of a Morphir IR that have no documentation.

import { Json } from './json'
import { refuse, refused } from './problem'

/** The documentation that a config or options ask for, as it is written; null if they do not, or if it is refused. */
export function documentationOf(object: Json): Json | null {
  const text = object.member('documentation')
  if (!text || (text.isString && text.written != '""')) return text
  refuse('documentation must be a text that is not empty')
  return null
}

/** One call: `{"ir", "options"?}` → `{"transformed", "documented", "output"}`. */
export class Document {
  /** A line for the log. */
  line: string = 'passed through an IR of another format version'
  private documented: i32 = 0
  /** The output so far, and up to where the input is copied. */
  private output: Uint8Array[] = []
  private copied: i32 = 0

  constructor(
    readonly params: Json,
    /** The text for modules without one, as it is written in JSON. */
    private text: string,
  ) {}

  /** Answers null if it refuses. */
  transform(): Uint8Array | null {
    const ir = this.params.member('ir')
    if (!ir || !ir.isObject) return this.refuse('params need an "ir" that is an object')
    const options = this.params.member('options')
    if (options) {
      if (!options.isObject) return this.refuse('options must be an object')
      const text = documentationOf(options)
      if (refused()) return null
      if (text) this.text = text.written
    }
    this.copied = ir.begin
    const version = ir.member('formatVersion')
    if (version && version.written == '3') {
      this.library(ir.member('distribution'))
      if (refused()) return null
    }
    this.copy(ir.end)
    const head = `{"transformed":${this.documented > 0},"documented":${this.documented},"output":`
    return joined(head, this.output, '}')
  }

  /** `["Library", packagePath, dependencies, {"modules": […]}]` */
  private library(distribution: Json | null): void {
    if (!distribution || !distribution.isArray) return this.noModules('its distribution is not a list')
    const parts = distribution.elements()
    if (parts.length == 0 || parts[0].written != '"Library"') return this.noModules('its distribution is not a Library')
    const name = parts.length > 1 ? nameOf(parts[1]) : null
    if (name === null) return this.noModules('its package path is not a list of names')
    const modules = parts.length > 3 ? parts[3].member('modules') : null
    if (!modules || !modules.isArray) return this.noModules('its package definition has no list of them')
    const entries = modules.elements()
    for (let index = 0; index < entries.length; index += 1) {
      const definition = definitionOf(entries[index])
      if (!definition) return this.noModules(`the entry at index ${index} is not a path and a definition`)
      this.module(definition)
    }
    this.line = `documented ${this.documented} of ${entries.length} modules of ${name}`
  }

  /** `{"types", "values", "doc"?}` */
  private module(definition: Json): void {
    const doc = definition.member('doc')
    if (doc) {
      const written = doc.written
      if (written != 'null' && written != '""') return
      this.copy(doc.begin)
      this.add(this.text)
      this.copied = doc.end
    } else {
      // In front of the other members, if there are any.
      this.copy(definition.begin + 1)
      this.add(`"doc":${this.text}${definition.hasMembers ? ',' : ''}`)
    }
    this.documented += 1
  }

  private copy(until: i32): void {
    this.output.push(this.params.text.subarray(this.copied, until))
    this.copied = until
  }

  private add(text: string): void {
    this.output.push(Uint8Array.wrap(String.UTF8.encode(text)))
  }

  private noModules(why: string): void {
    refuse(`the IR has no modules: ${why}`)
  }

  private refuse(why: string): Uint8Array | null {
    refuse(why)
    return null
  }
}

/** The definition in `[modulePath, {"access", "value": {…}}]`, or null. */
function definitionOf(module: Json): Json | null {
  const parts = module.elements()
  const definition = parts.length > 1 ? parts[1].member('value') : null
  return definition && definition.isObject ? definition : null
}

/** A package's path as people write it: `[["tide","water"],["u","s"]]` is `TideWater.US`; null if it is none. */
function nameOf(path: Json): string | null {
  if (!path.isArray) return null
  const names: string[] = []
  const parts = path.elements()
  for (let part = 0; part < parts.length; part += 1) {
    if (!parts[part].isArray) return null
    let name = ''
    const words = parts[part].elements()
    for (let index = 0; index < words.length; index += 1) {
      if (!words[index].isString) return null
      const word = words[index].decode()
      name += word.slice(0, 1).toUpperCase() + word.slice(1)
    }
    names.push(name)
  }
  return names.join('.')
}

function joined(head: string, parts: Uint8Array[], tail: string): Uint8Array {
  const begin = Uint8Array.wrap(String.UTF8.encode(head))
  const end = Uint8Array.wrap(String.UTF8.encode(tail))
  let length = begin.length + end.length
  for (let index = 0; index < parts.length; index += 1) length += parts[index].length
  const all = new Uint8Array(length)
  all.set(begin)
  let offset = begin.length
  for (let index = 0; index < parts.length; index += 1) {
    all.set(parts[index], offset)
    offset += parts[index].length
  }
  all.set(end, offset)
  return all
}
