// npm run schema: the JSON Schema of configuration files, as the core reads them. A test fails where the committed one is another.

import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { cargoProgress, locked } from './lib/cargo.mjs'
import { main } from './lib/main.mjs'
import { installPackages, script } from './lib/packages.mjs'
import { root } from './lib/places.mjs'
import { run } from './lib/run.mjs'
import { step } from './lib/step.mjs'
import { installToolchain } from './lib/toolchain.mjs'

const schema = join(root, 'schema', 'morphir-extensions.schema.json')

const USAGE = `npm run schema takes no arguments. It writes ${relative(root, schema)}, which is committed: a test fails where it is not as the core reads files.`

await main(async () => {
  await installPackages()
  const { env, host } = await installToolchain()
  await step(`Writing ${relative(root, schema)}`, async (live) => {
    const args = ['run', '--release', '--target', host, '-p', 'morphir-extension-host', '--example', 'schema']
    const { stdout } = await run('cargo', [...args, ...locked], { env, onLine: cargoProgress(live) })
    writeFileSync(schema, stdout.join('\n'))
    await run(process.execPath, [script('prettier'), '--write', schema])
  })
}, USAGE)
