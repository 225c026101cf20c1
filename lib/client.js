'use strict'

/**
 * An extension's methods as functions, with their names from its capabilities.
 * @param {import('..').ExtensionHost} host
 * @param {number} id
 */
function clientOf(host, id) {
  // Without a prototype, so that it has these methods and no others.
  const client = Object.create(null)
  for (const { name } of host.capabilities(id)) {
    // What has it is taken for a promise, and called, as soon as somebody awaits it.
    if (name === 'then') continue
    const value = (params, options) => host.call(id, name, params, options)
    Object.defineProperty(client, name, { value, enumerable: true, configurable: true })
  }
  return Object.freeze(client)
}

module.exports = { clientOf }
