// A Morphir extension that documents what is not documented. What it exports are the functions of the protocol:
// `initialize`, `capabilities`, and the methods `transform` and `echo`. An error that is thrown is the answer: its message.

const NOT_DOCUMENTED = 'Not documented yet.'

const CAPABILITIES = [
  {
    name: 'transform',
    description: 'Documents the modules that have no documentation',
    params_schema: {
      type: 'object',
      required: ['ir'],
      properties: {
        ir: {
          description: 'The content of morphir-ir.json; format version 3 is documented, any other passes through',
          type: 'object',
        },
        options: {
          type: 'object',
          properties: {
            documentation: {
              description: 'The text for modules that have none; by default that of the config',
              type: 'string',
              minLength: 1,
            },
          },
        },
      },
    },
    return_schema: {
      type: 'object',
      required: ['transformed', 'documented', 'output'],
      properties: {
        transformed: { description: 'Whether the output differs from the ir', type: 'boolean' },
        documented: { description: 'How many modules got the text', type: 'integer', minimum: 0 },
        output: { description: 'The IR, as it came except for the documentation', type: 'object' },
      },
    },
  },
  {
    name: 'echo',
    description: 'Answers its params',
    params_schema: { description: 'Any JSON' },
    return_schema: { description: 'The params' },
  },
]

/** The text for modules without one; in the instance's memory from `initialize` on. */
let defaultText = NOT_DOCUMENTED

function initialize() {
  const config = parse(Host.inputString(), 'config is')
  if (!isObject(config)) throw new Error('config must be an object')
  defaultText = textOf(config) ?? NOT_DOCUMENTED
  Host.outputString(JSON.stringify({ status: 'ready' }))
}

function capabilities() {
  Host.outputString(JSON.stringify(CAPABILITIES))
}

function transform() {
  const { ir, options = {} } = Object(parse(Host.inputString(), 'params are'))
  if (!isObject(ir)) throw new Error('params need an "ir" that is an object')
  if (!isObject(options)) throw new Error('options must be an object')
  const documented = document(ir, textOf(options) ?? defaultText)
  Host.outputString(JSON.stringify({ transformed: documented > 0, documented, output: ir }))
}

function echo() {
  const params = Host.inputString()
  parse(params, 'params are')
  Host.outputString(params)
}

/** Gives each module without documentation the text; answers how many there were. */
function document(ir, text) {
  if (ir.formatVersion !== 3) {
    console.log('passed through an IR of another format version')
    return 0
  }
  const { name, definitions } = library(ir.distribution)
  const bare = definitions.filter(({ doc }) => doc === undefined || doc === null || doc === '')
  for (const definition of bare) definition.doc = text
  console.log(`documented ${bare.length} of ${definitions.length} modules of ${name}`)
  return bare.length
}

/** The name of a library, and what defines its modules: `["Library", packagePath, dependencies, { modules }]`. */
function library(distribution) {
  const noModules = (why) => new Error(`the IR has no modules: ${why}`)
  if (!Array.isArray(distribution)) throw noModules('its distribution is not a list')
  const [kind, path, , definition] = distribution
  if (kind !== 'Library') throw noModules('its distribution is not a Library')
  if (!isPath(path)) throw noModules('its package path is not a list of names')
  if (!isObject(definition) || !Array.isArray(definition.modules)) {
    throw noModules('its package definition has no list of them')
  }
  const definitions = definition.modules.map((module, index) => {
    const value = Array.isArray(module) && isObject(module[1]) ? module[1].value : undefined
    if (!isObject(value)) throw noModules(`the entry at index ${index} is not a path and a definition`)
    return value
  })
  return { name: path.map((name) => name.map(capitalized).join('')).join('.'), definitions }
}

/** The documentation that a config or options ask for, if they do. */
function textOf({ documentation }) {
  if (documentation === undefined || (typeof documentation === 'string' && documentation !== '')) return documentation
  throw new Error('documentation must be a text that is not empty')
}

/** Numbers that JavaScript would round or write otherwise stay as they are written, where the engine has `JSON.rawJSON`. */
function parse(text, what) {
  const asWritten = (key, value, { source }) =>
    typeof value === 'number' && source !== undefined && source !== `${value}` ? JSON.rawJSON(source) : value
  try {
    return JSON.rawJSON === undefined ? JSON.parse(text) : JSON.parse(text, asWritten)
  } catch (error) {
    throw new Error(`${what} not JSON: ${error.message}`, { cause: error })
  }
}

/** A list of names, each a list of words. */
function isPath(path) {
  const isName = (name) => Array.isArray(name) && name.every((word) => typeof word === 'string')
  return Array.isArray(path) && path.every(isName)
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function capitalized(word) {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}

module.exports = { initialize, capabilities, transform, echo }
