// A Morphir extension that documents what is not documented. What it exports are the functions of the protocol:
// `initialize`, `capabilities`, and the methods `transform` and `echo`. An error that is thrown is the answer: its message.

import { CAPABILITIES } from './capabilities'
import { document } from './document'
import { isObject, parse } from './json'

const NOT_DOCUMENTED = 'Not documented yet.'

/** The text for modules without one; in the instance's memory from `initialize` on. */
let defaultText = NOT_DOCUMENTED

export function initialize(): void {
  const config = parse(Host.inputString(), 'config is')
  if (!isObject(config)) throw new Error('config must be an object')
  defaultText = textOf(config) ?? NOT_DOCUMENTED
  Host.outputString(JSON.stringify({ status: 'ready' }))
}

export function capabilities(): void {
  Host.outputString(JSON.stringify(CAPABILITIES))
}

export function transform(): void {
  const params = parse(Host.inputString(), 'params are')
  const { ir, options = {} } = isObject(params) ? params : {}
  if (!isObject(ir)) throw new Error('params need an "ir" that is an object')
  if (!isObject(options)) throw new Error('options must be an object')
  const documented = document(ir, textOf(options) ?? defaultText)
  Host.outputString(JSON.stringify({ transformed: documented > 0, documented, output: ir }))
}

export function echo(): void {
  const params = Host.inputString()
  parse(params, 'params are')
  Host.outputString(params)
}

/** The documentation that a config or options ask for, if they do. */
function textOf({ documentation }: Record<string, unknown>): string | undefined {
  if (documentation === undefined || (typeof documentation === 'string' && documentation !== '')) return documentation
  throw new Error('documentation must be a text that is not empty')
}
