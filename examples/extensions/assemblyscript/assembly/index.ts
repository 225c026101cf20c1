// A Morphir extension that documents what is not documented. What it exports are the functions of the protocol:
// `initialize`, `capabilities`, and the methods `transform` and `echo`. Each answers 0, or 1 and an error: one sentence.

import { Host, LogLevel, Memory } from '@extism/as-pdk'
import { error_set } from '@extism/as-pdk/lib/env'
// oxlint-disable-next-line import/no-unassigned-import -- asconfig.json names it, which finds only what is imported
import './abort'
import { CAPABILITIES } from './capabilities'
import { documentationOf, Document } from './document'
import { check, Json } from './json'
import { refuse, refused, sentence } from './problem'

const NOT_DOCUMENTED = '"Not documented yet."'

/** The text for modules without one, as it is written in JSON; in the instance's memory from `initialize` on. */
let defaultText = NOT_DOCUMENTED

export function initialize(): i32 {
  const config = read(begin(), 'config is')
  if (!config) return fail()
  if (!config.isObject) refuse('config must be an object')
  const text = documentationOf(config)
  if (refused()) return fail()
  defaultText = text ? text.written : NOT_DOCUMENTED
  return answer(bytesOf('{"status":"ready"}'))
}

export function capabilities(): i32 {
  return answer(bytesOf(CAPABILITIES))
}

export function transform(): i32 {
  const params = read(begin(), 'params are')
  if (!params) return fail()
  const document = new Document(params, defaultText)
  const output = document.transform()
  if (!output) return fail()
  Host.log(LogLevel.Info, document.line)
  return answer(output)
}

export function echo(): i32 {
  const input = begin()
  return read(input, 'params are') ? answer(input) : fail()
}

/** A new call: its input. */
function begin(): Uint8Array {
  // The runtime is the minimal one, which collects garbage only when it is told to. Now is when nothing of a call is on the stack.
  __collect()
  refuse('')
  return Host.input()
}

/** The input as JSON; null, and it is refused, if it is not. */
function read(input: Uint8Array, what: string): Json | null {
  const value = check(input)
  if (!value) refuse(`${what} not JSON: ${sentence()}`)
  return value
}

function answer(bytes: Uint8Array): i32 {
  // Not `Host.outputString`, which takes a text's length for that of its UTF-8.
  Host.output(bytes)
  return 0
}

function fail(): i32 {
  error_set(Memory.allocateString(sentence()).offset)
  return 1
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text))
}
