'use strict'

const { ExtensionHost } = require('./lib/host.js')
const { ExtensionError } = require('./lib/error.js')

module.exports = { ExtensionHost, ExtensionError }
