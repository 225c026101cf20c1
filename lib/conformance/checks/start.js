'use strict'

const { failed } = require('../verdict.js')

/** Without the protocol: only the module, and its own start-up code. */
async function loads(subject) {
  const extension = await subject.load({ dialect: 'raw' })
  await extension.unload()
}

async function initialize(subject) {
  try {
    await subject.shared()
  } catch (error) {
    // It got past `initialize` then.
    if (error.method !== 'capabilities') throw startFailed(error)
  }
}

/** In the words of what is underneath: the check has said already what failed. */
function startFailed(error) {
  return error.code === 'InitializationFailed' && error.cause ? failed(error.cause.message, error) : error
}

async function capabilities(subject) {
  const { capabilities } = await subject.shared().catch((error) => {
    throw startFailed(error)
  })
  if (capabilities.length === 0) throw failed('the list is empty: it must name at least one method')
  const names = new Set()
  for (const { name, description, params_schema, return_schema } of capabilities) {
    if (name === '') throw failed('a capability has an empty name')
    if (names.has(name)) throw failed(`there are two capabilities \`${name}\``)
    names.add(name)
    // The host makes do without one; people who have to choose an extension do not.
    if (description.trim() === '') throw failed(`\`${name}\` has no description`)
    for (const [key, schema] of Object.entries({ params_schema, return_schema })) {
      if (schema !== undefined && !isSchema(schema)) {
        throw failed(`the ${key} of \`${name}\` is no JSON Schema: that is an object, true or false`)
      }
    }
  }
  return [...names].join(', ')
}

function isSchema(value) {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value))
}

async function callable(subject) {
  const extension = await subject.shared()
  for (const { name } of extension.capabilities) {
    if (!(await extension.has(name))) {
      throw failed(
        `the module exports no method \`${name}\`: a function without params that returns nothing or one i32`,
      )
    }
  }
}

module.exports = { callable, capabilities, initialize, loads }
