// Checks a model and, unless there are errors, writes a JSON Schema of its types: two extensions, one after the other.
//
//   node examples/pipeline/publish.mjs morphir-ir.json directory [morphir.toml]
//
// Exit code: 0 written, 1 not written, 2 wrong arguments.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ExtensionHost } from '@finos/morphir-extension-host'

const [model, directory, config = new URL('morphir.toml', import.meta.url), ...others] = process.argv.slice(2)
if (directory === undefined || others.length > 0) {
  console.error(
    'Two or three arguments are needed: morphir-ir.json, a directory for the schema, and perhaps a morphir.toml.',
  )
  process.exit(2)
}

const host = new ExtensionHost()
try {
  const { loaded, failed } = await host.loadConfig(config)
  for (const { error } of failed) throw error
  const ids = Object.fromEntries(loaded.map(({ name, id }) => [name, id]))
  // The model stays the text that it is: neither extension needs it as objects, and this thread need not read it.
  const params = Buffer.concat([Buffer.from('{"ir":'), await readFile(model), Buffer.from('}')])
  const { valid, diagnostics } = await answer(ids.lint, 'validate', params)
  report(diagnostics)
  if (!valid) throw new Error('The model has errors.')
  const { success, artifacts, ...schema } = await answer(ids['json-schema'], 'generate', params)
  report(schema.diagnostics)
  if (!success) throw new Error('The model has types for which there is no JSON Schema.')
  await mkdir(directory, { recursive: true })
  for (const { path, content } of artifacts) {
    // An extension is somebody else's code: it may name a file, not choose where that lies.
    const target = join(directory, basename(path))
    await writeFile(target, content)
    console.log(`wrote ${target}`)
  }
} catch (error) {
  console.error(`Nothing was published. ${error.message}`)
  process.exitCode = 1
} finally {
  await host.close()
}

async function answer(id, method, params) {
  return JSON.parse(new TextDecoder().decode(await host.callRaw(id, method, params)))
}

function report(diagnostics) {
  for (const { severity, message } of diagnostics) console.log(`${severity}: ${message}`)
}
