'use strict'

const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { ExtensionError } = require('./error.js')
const platforms = require('./platforms.js')
const manifest = require('../package.json')

const { binaryName } = manifest.napi
/** Where the file lies that is to be loaded instead of the packages'. */
const override = process.env.NAPI_RS_NATIVE_LIBRARY_PATH

/** What the addon exports. The error of its generated loader names a defect of npm, whatever the reason is. */
function load() {
  let binding
  try {
    binding = require('../binding.js')
  } catch (error) {
    throw new ExtensionError({ code: 'IoError', ...reason(messages(error)) })
  }
  if (binding.VERSION === manifest.version) return binding
  throw new ExtensionError({
    code: 'IoError',
    message:
      `The addon of ${manifest.name} is of ${binding.VERSION === undefined ? 'another version' : `version ${binding.VERSION}`}, ` +
      `and the JavaScript that loads it of version ${manifest.version}. ${again()}`,
  })
}

/** What was tried, the first attempt first. */
function messages(error) {
  const found = []
  for (let { cause } = error; cause instanceof Error; cause = cause.cause) found.unshift(cause.message)
  return found.length > 0 ? found : [error.message]
}

/** @returns {{ message: string, cause?: Error }} */
function reason(tried) {
  if (override !== undefined) {
    const path = `${override}, which NAPI_RS_NATIVE_LIBRARY_PATH names,`
    return {
      message: `The addon ${path} cannot be loaded on ${system()}: ${sentence(tried[0])} Name one built for this system, or unset it.`,
      cause: new Error(tried[0]),
    }
  }
  const platform = platformIn(tried)
  if (platform === undefined) {
    return {
      message:
        `There is no addon of ${manifest.name} for ${system()}, only for ${platforms.join(', ')}. ` +
        'Build it from its source: npm run build, in a checkout.',
    }
  }
  const name = `${manifest.name}-${platform}`
  // What is there and does not load tells more than what is not there. Nobody builds what the loader tries last.
  const absent = [`./${binaryName}.${platform}.node`, name, `./${binaryName}.wasi.cjs`, `${manifest.name}-wasm32-wasi`]
  const refused = tried.find((message) => !isMissing(message, absent))
  if (refused !== undefined) {
    return {
      message: `The addon for ${platform} is there, but it cannot be loaded on ${system()}: ${sentence(refused)} ${remedy(refused)}`,
      cause: new Error(refused),
    }
  }
  return {
    message:
      `The package ${name} ${manifest.version}, the addon for ${platform}, is not installed. It is missing from a node_modules ` +
      `that was copied from another system, or installed with --omit=optional. ${again()}`,
  }
}

/** The platform whose addon was looked for; not those that the generated loader knows and nobody builds. */
function platformIn(tried) {
  const name = new RegExp(`${binaryName}[-.]([a-z0-9]+-[a-z0-9]+(?:-[a-z]+)?)`)
  return tried.map((message) => name.exec(message)?.[1]).find((platform) => platforms.includes(platform))
}

function isMissing(message, names) {
  // Node's, Bun's and Deno's words.
  return (
    /^(Cannot find (module|package)|Could not (find|resolve))/i.test(message) &&
    names.some((name) => quotes(message, name))
  )
}

function quotes(message, name) {
  return [`'${name}'`, `"${name}"`].some((quoted) => message.includes(quoted))
}

/** The first line of a message, ended by a full stop. */
function sentence(message) {
  const line = message.split('\n', 1)[0].trim()
  return line.endsWith('.') ? line : `${line}.`
}

/** A runtime may have been told to load no addon at all: with this one nothing is wrong then. */
function remedy(refused) {
  if (refused.includes('loading addons is disabled'))
    return 'Start Node.js with --allow-addons, and without --no-addons.'
  return refused.includes('--allow-ffi') ? 'Start Deno with --allow-ffi.' : again()
}

function again() {
  if (existsSync(join(__dirname, '..', 'Cargo.toml'))) return 'Build it again: npm run build.'
  return `Install it again, on this system: npm install ${manifest.name}@${manifest.version}`
}

function system() {
  const { glibcVersionRuntime: glibc } = process.platform === 'linux' ? header() : {}
  return `${process.platform} ${process.arch}${glibc === undefined ? '' : ` with glibc ${glibc}`}, Node.js ${process.version}`
}

function header() {
  // Looking up the names of open connections would take its time.
  process.report.excludeNetwork = true
  return process.report.getReport().header
}

module.exports = load()
