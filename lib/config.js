'use strict'

const { ExtensionError } = require('./error.js')

/**
 * Loads what a configuration file lists, all at once, and tells what became of each, in the order of the file.
 * @param {{ name: string, place: string, instances?: number, failure?: object }[]} extensions
 * @param {(listed: object, index: number) => Promise<number>} load
 */
async function loadListed(extensions, load) {
  const skipped = ({ instances, failure }) => instances === undefined && failure === undefined
  const outcomes = await Promise.allSettled(
    extensions.map((listed, index) => (skipped(listed) ? undefined : load(listed, index))),
  )
  const result = { loaded: [], failed: [], skipped: [] }
  for (const [index, { name, place, failure }] of extensions.entries()) {
    const { value: id, reason } = outcomes[index]
    // What the file itself is wrong about says more exactly where.
    const error = failure === undefined && reason !== undefined ? placed(reason, place) : reason
    if (error !== undefined) result.failed.push({ name, error })
    else if (id === undefined) result.skipped.push(name)
    else result.loaded.push({ name, id })
  }
  return result
}

/** An error whose message begins with the place in the file that it is about. */
function placed({ code, message, extension, method, cause, rpc }, place) {
  return new ExtensionError({ code, message: `${place}: ${message}`, extension, method, cause, rpc })
}

module.exports = { loadListed }
