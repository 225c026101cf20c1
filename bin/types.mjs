// morphir-extension-host types: the TypeScript types of an extension's methods, from the schemas in its capabilities.

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { Arguments, flag, help, text } from './arguments.mjs'
import { withExtension } from './extension.mjs'
import { sayFailure, sayFailureAsJson } from './failure.mjs'
import { GRANTS, GRANTS_USAGE, PROTOCOL, PROTOCOL_USAGE, configurationOf, hostOptionsOf } from './grants.mjs'
import { pageOfJson } from './json.mjs'
import { declarationOf } from './types/declaration.mjs'
import { harmless, identifier, isIdentifier } from './types/names.mjs'

const USAGE = `Usage: morphir-extension-host types <extension.wasm> [options]

Writes a TypeScript interface with the methods of an extension, from the schemas in its capabilities; what has no schema is
\`unknown\`. Use it as host.client<Name>(id). The extension is loaded, but no method is called.

  --name <name>                what the interface is called (made of the file's name)
  --output <file>              where it goes, instead of standard output
  --json                       { name, declaration } as JSON, also where it is an error
${PROTOCOL_USAGE}
${GRANTS_USAGE}
  --help                       this text

Examples:
  morphir-extension-host types rename-package.wasm > rename-package.d.ts
  morphir-extension-host types optimizer.wasm --name Optimizer --output src/optimizer.d.ts

Exit code: 0 written, 1 the load failed, 2 wrong usage, 130 Ctrl-C.`

/** @returns {Promise<number>} the exit code */
export async function run(args) {
  const line = new Arguments('types', args, { ...GRANTS, ...PROTOCOL, name: text, output: text, json: flag, help })
  if (line.values.help) {
    console.log(USAGE)
    return 0
  }
  const path = line.file()
  line.atMost(1, 'one extension')
  const { name = identifier(basename(path, extname(path)), 'Extension'), output, json = false } = line.values
  if (!isIdentifier(name) || !/^[A-Z]/.test(name))
    throw line.wrong(`--name must be the name of a type, such as Optimizer; it is ${JSON.stringify(name)}.`)
  if (output === '') throw line.wrong('--output is empty.')
  const configuration = await configurationOf(line, path)
  const hostOptions = hostOptionsOf(line)
  try {
    const capabilities = await withExtension(hostOptions, configuration, async ({ host, id }) => host.capabilities(id))
    const hash = createHash('sha256').update(line.content(path, 'The extension')).digest('hex')
    const declaration = declarationOf(capabilities, { name, origin: `${harmless(basename(path))}, sha256 ${hash}` })
    write(json ? `${pageOfJson({ name, declaration })}\n` : declaration, output)
    return 0
  } catch (error) {
    if (json) sayFailureAsJson(error, line)
    else sayFailure(error, line)
    return 1
  }
}

function write(content, output) {
  if (output === undefined) {
    process.stdout.write(content)
    return
  }
  try {
    writeFileSync(output, content)
  } catch (cause) {
    throw Object.assign(new Error(`${output} cannot be written: ${cause.message}.`), { code: 'IoError' })
  }
}
