// The TypeScript declaration of an extension's methods.

import { comment, identifier, member, unique } from './names.mjs'
import { Schemas } from './schemas.mjs'

/**
 * @param {{ name: string, description?: string, params_schema?: unknown, return_schema?: unknown }[]} capabilities
 * @param {{ name: string, origin: string }} about the interface's name, and what it was made from
 */
export function declarationOf(capabilities, { name, origin }) {
  const taken = new Set([name])
  const schemas = new Schemas(taken)
  const known = new Map(capabilities.toReversed().map((capability) => [capability.name, capability]))
  const methods = Array.from(known.values())
    .toReversed()
    .map((capability) => method(capability, schemas, taken))
  return `${[
    `// The methods of ${origin}.`,
    `// Made by \`morphir-extension-host types\`: make it again when they change, and use it as host.client<${name}>(id).`,
    '',
    `export interface ${name} {`,
    ...methods.flat().map((line) => `  ${line}`),
    '}',
    ...schemas.declarations(),
  ].join('\n')}\n`
}

/** The lines of one method. */
function method({ name, description = '', params_schema: params, return_schema: result }, schemas, taken) {
  const prefix = identifier(name, 'Method')
  const wrong = []
  const typeOf = (schema, what, side) => {
    const read = schemas.read(schema, unique(`${prefix}${what}`, taken), side)
    if (read.problem !== undefined) wrong.push(`Its schema of ${side} cannot be used: ${read.problem}`)
    return read.type
  }
  const takes = params === undefined ? 'unknown' : typeOf(params, 'Params', 'params')
  const answers = result === undefined ? 'unknown' : typeOf(result, 'Result', 'results')
  // What may be anything may be left out.
  const optional = takes === 'unknown' ? '?' : ''
  return [...comment([description, ...wrong].join('\n')), `${member(name)}(params${optional}: ${takes}): ${answers}`]
}
