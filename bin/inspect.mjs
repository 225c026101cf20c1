// morphir-extension-host inspect: what is in an extension, what it wants from its host, and what it would be granted.

import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { Arguments, flag, help } from './arguments.mjs'
import { withExtension } from './extension.mjs'
import { plain } from './failure.mjs'
import { GRANTS, GRANTS_USAGE, PROTOCOL, PROTOCOL_USAGE, configurationOf, hostOptionsOf } from './grants.mjs'
import { asksOf } from './inspect/asks.mjs'
import { formatOf, Malformed, readModule } from './inspect/module.mjs'
import { isOffered } from './inspect/offered.mjs'
import { pageOf } from './inspect/page.mjs'
import { pageOfJson } from './json.mjs'

/** The host takes no more. */
const MOST_BYTES = 64 * 1024 * 1024
/** A module with nothing in it. */
const NOTHING = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

const USAGE = `Usage: morphir-extension-host inspect <extension.wasm> [options]

Shows what a module exports and imports, its memory, what it would be granted and what of that it asks for, and, once loaded, its
capabilities. It is loaded as any extension is, which runs its start-up code, \`initialize\` and \`capabilities\` within their limits;
no method is called.

  --no-run                     reads the file only: nothing of it is compiled or run
  --json                       all of it as JSON, with schemas
${PROTOCOL_USAGE}
${GRANTS_USAGE}
  --help                       this text

Examples:
  morphir-extension-host inspect rename-package.wasm
  morphir-extension-host inspect downloaded.wasm --no-run
  morphir-extension-host inspect fetcher.wasm --allow-host api.example.org
  morphir-extension-host inspect plug-in.wasm --lifecycle none --json

Exit code: 0 it can be used (with --no-run: it may), 1 not, 2 wrong usage, 130 Ctrl-C.`

/** @returns {Promise<number>} the exit code */
export async function run(args) {
  const line = new Arguments('inspect', args, { ...GRANTS, ...PROTOCOL, 'no-run': flag, json: flag, help })
  if (line.values.help) {
    console.log(USAGE)
    return 0
  }
  const path = line.file()
  line.atMost(1, 'one extension to inspect')
  const configuration = await configurationOf(line, path)
  const hostOptions = hostOptionsOf(line)
  const { permissions, functions = {} } = configuration
  const found = { path, ...readFile(path, functions, line), permissions, hostFunctions: namesOf(functions) }
  if (found.imports !== undefined) found.asks = asksOf(found.imports, permissions)
  if (line.values['no-run']) Object.assign(found, await checkGrants(configuration, found, line))
  else Object.assign(found, await load(hostOptions, configuration, line))
  found.usable = found.problem === undefined && found.error === undefined
  console.log(line.values.json ? json(found) : pageOf(found))
  return found.usable ? 0 : 1
}

const namesOf = (functions) =>
  Object.entries(functions).flatMap(([namespace, names]) => Object.keys(names).map((name) => `${namespace}::${name}`))

/** What the bytes say, and what is wrong with them, if anything is. */
function readFile(path, functions, line) {
  const { size } = statSync(path)
  if (size > MOST_BYTES)
    return { bytes: size, problem: `It has ${size} bytes, more than the ${MOST_BYTES} that a host takes.` }
  const bytes = line.content(path, 'The extension')
  const known = {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    format: formatOf(bytes),
  }
  const problem = {
    none: 'It is not WebAssembly: a module starts with the bytes \\0asm.',
    component:
      'It is a WebAssembly component; this host runs core modules: build for wasm32-unknown-unknown or wasm32-wasip1.',
    unknown: 'It is WebAssembly of a version that is not known.',
  }[known.format]
  if (problem !== undefined) return { ...known, problem }
  try {
    const module = readModule(bytes)
    const imports = module.imports.map((found) => ({ ...found, offered: isOffered(found, functions) }))
    const refused = imports.filter(({ offered }) => !offered).map(({ module, name }) => `${module}::${name}`)
    const refusal = `It imports what this host does not offer: ${refused.slice(0, 20).join(', ')}${refused.length > 20 ? ', …' : ''}.`
    return { ...known, ...module, imports, ...(refused.length > 0 && { problem: refusal }) }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return { ...known, problem: `It is not a whole module: ${error.message}.` }
  }
}

/** What the host makes of it. */
async function load(hostOptions, configuration, line) {
  try {
    return await withExtension(hostOptions, configuration, async ({ host, id, milliseconds }) => ({
      capabilities: host.capabilities(id),
      loadMilliseconds: milliseconds,
    }))
  } catch (error) {
    if (error.code === 'InvalidConfig') throw line.wrong(error.message)
    if (error.code === undefined) throw error
    return { error }
  }
}

/** What is granted has to make sense where nothing is run, too: something harmless is loaded with it. */
async function checkGrants({ source, ...configuration }, { sha256 }, line) {
  const nothing = { ...configuration, source: { type: 'wasm', bytes: NOTHING } }
  const { error } = await load({ cacheDir: false }, nothing, line)
  // Nothing is no extension, of course.
  if (error !== undefined && error.code !== 'InitializationFailed') return { error }
  return (source.sha256?.toLowerCase() ?? sha256) === sha256 ? {} : { problem: `Its sha256 is not ${source.sha256}.` }
}

function json({ error, ...found }) {
  return pageOfJson({ ...found, ...(error !== undefined && { error: plain(error) }) })
}
