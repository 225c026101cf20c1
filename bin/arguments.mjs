// What a command line says: options, the files it names, JSON that stands in it or in a file.

import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { WrongUsage } from './usage.mjs'

export const text = { type: 'string' }
export const texts = { type: 'string', multiple: true }
export const flag = { type: 'boolean' }
export const help = { type: 'boolean', short: 'h' }

/** The command line of one command: what is wrong with it is said with the advice that goes with the command. */
export class Arguments {
  constructor(command, args, options) {
    this.advice = `npx morphir-extension-host ${command} --help shows what there is.`
    const { values, positionals } = this.#parse(args, options)
    this.values = values
    this.positionals = positionals
  }

  #parse(args, options) {
    try {
      return parseArgs({ args, options, allowPositionals: true })
    } catch (error) {
      throw this.wrong(this.#sentenceOf(error.message))
    }
  }

  /** What is wrong with an option: the first sentence, because the others are about a notation that is seldom needed. */
  #sentenceOf(message) {
    const [, option] = /^Option '(--[^' ]+)[^']*' argument (?:missing|is ambiguous)/.exec(message) ?? []
    if (option !== undefined) return `${option} lacks its value. One that begins with a dash is written ${option}=….`
    const [sentence] = message.split(/[.\n]/, 1)
    // Params may be a number below zero.
    return /^Unknown option '-\d/.test(sentence)
      ? `${sentence}. What begins with a dash and is no option stands behind all options and --, as in -- -5.`
      : `${sentence}.`
  }

  wrong(message) {
    return new WrongUsage(message, this.advice)
  }

  /** The first of the positionals, an extension's file. */
  file(what = 'The extension is missing: the path of a .wasm file.', kind = '.wasm') {
    const [path = ''] = this.positionals
    if (path === '') throw this.wrong(what)
    this.checkFile(path, kind)
    return path
  }

  /** Before anything is loaded: a path that is wrong says nothing about an extension. */
  checkFile(path, kind) {
    const unreadable = ({ message }) => this.wrong(`${path} cannot be read: ${message}.`)
    let found
    try {
      found = statSync(path, { throwIfNoEntry: false })
    } catch (error) {
      throw unreadable(error)
    }
    if (found === undefined) throw this.wrong(`There is no file ${path}.`)
    if (found.isDirectory()) throw this.wrong(`${path} is a directory; name the ${kind} file in it.`)
    if (!found.isFile()) throw this.wrong(`${path} is no file that can be read from its beginning to its end.`)
    try {
      accessSync(path, constants.R_OK)
    } catch (error) {
      throw unreadable(error)
    }
  }

  /** An extension's file, a method of it, and its params as they were given, if they were. */
  call() {
    const path = this.file()
    const [, method, given] = this.positionals
    if (method === undefined || method === '') throw this.wrong('The method is missing: what to call.')
    this.atMost(3, 'a file, a method and params')
    return { path, method, given }
  }

  /** Refuses positionals beyond so many. */
  atMost(count, what) {
    const more = this.positionals.slice(count)
    if (more.length > 0) throw this.wrong(`There is more than ${what}: ${more.join(', ')}.`)
  }

  /** One of the values, as a whole number. */
  count(option, from = 1, to = 1024) {
    const value = this.values[option]
    if (value === undefined) return undefined
    if (!/^\d+$/.test(value) || Number(value) < from || Number(value) > to) {
      throw this.wrong(`--${option} must be a whole number from ${from} to ${to}; it is ${JSON.stringify(value)}.`)
    }
    return Number(value)
  }

  /** One of the values, an object as JSON or in the file that it names. */
  object(option) {
    const value = this.values[option]
    if (value === undefined) return undefined
    const object = this.json(value, `--${option}`)
    if (typeof object !== 'object' || object === null || Array.isArray(object)) {
      throw this.wrong(`--${option} must be a JSON object.`)
    }
    return object
  }

  /** JSON from the command line, or from the file that it names. */
  json(value, name) {
    const content = value.startsWith('@') ? this.content(value.slice(1), name).toString('utf8') : value
    return this.parsed(content, value.startsWith('@') ? value.slice(1) : 'this', name)
  }

  parsed(content, what, name) {
    if (content.trim() === '')
      throw this.wrong(`${name}: ${what} is empty, which is not JSON. A file is written @file.`)
    try {
      return JSON.parse(content)
    } catch (error) {
      throw this.wrong(`${name}: ${what} is not JSON: ${error.message}. A file is written @file.`)
    }
  }

  content(path, name) {
    if (path === '') throw this.wrong(`${name}: @ names no file.`)
    try {
      return readFileSync(path)
    } catch (error) {
      throw this.wrong(`${name}: ${path} cannot be read: ${error.message}.`)
    }
  }
}
