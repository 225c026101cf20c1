// Functions for extensions, from a module of the user's: what it exports by default is what `functions` is in a program.

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { types } from 'node:util'
import checks from '../lib/arguments.js'

const ADVICE = 'write export default { "extism:host/user": { name: (argument) => answer } }.'
/** What Node adds to the exports of CommonJS. */
const ADDED = new Set(['module.exports', '__esModule'])
/** Where in a stack a place stands. */
const PLACE = /(?:^|\(| at )((?:file:\/\/)?\/\S+?:\d+(?::\d+)?)(?:\)|$)/m

/**
 * What --functions names, if it is given.
 * @returns {Promise<import('../index.js').HostFunctions | undefined>}
 */
export async function functionsOf(line) {
  const { functions: path } = line.values
  if (path === undefined) return undefined
  const wrong = (message) => line.wrong(`--functions ${path}: ${message}`)
  if (path === '') throw line.wrong('--functions is empty.')
  line.checkFile(path, '.mjs or .cjs')
  const { default: functions, ...others } = await imported(path, wrong)
  const names = Object.keys(others).filter((name) => !ADDED.has(name))
  if (functions === undefined && names.length > 0) {
    throw wrong(`it has no default export, only ${names.slice(0, 20).join(', ')}: ${ADVICE}`)
  }
  if (countOf(functions, wrong) === 0) throw wrong(`it exports no function: ${ADVICE}`)
  return functions
}

async function imported(path, wrong) {
  let atEnd
  // With nothing left to do the process would end, with a warning about a file of this command's.
  const ended = new Promise((_, reject) => {
    atEnd = () => reject(wrong('it awaits what never comes.'))
    process.once('beforeExit', atEnd)
  })
  const module = import(pathToFileURL(resolve(path)).href).catch((error) => {
    throw wrong(`it cannot be imported: ${reasonOf(error)}.`)
  })
  try {
    return await Promise.race([module, ended])
  } finally {
    process.off('beforeExit', atEnd)
  }
}

/** What was thrown, and where. */
function reasonOf(error) {
  try {
    if (!types.isNativeError(error)) return `it threw ${String(error)}`
    const [, place] = PLACE.exec(error.stack ?? '') ?? []
    return `${error.name}: ${error.message}${place === undefined ? '' : `, at ${place}`}`
  } catch {
    return 'it threw something that has no text'
  }
}

/** How many functions there are; a program would be told the same about what are none. */
function countOf(functions, wrong) {
  try {
    return checks.functionsOf(functions).length
  } catch (error) {
    if (!(error instanceof TypeError)) throw wrong(`its default export cannot be read: ${reasonOf(error)}.`)
    throw wrong(`its default export is not what \`functions\` takes: ${error.message} So ${ADVICE}`)
  }
}
