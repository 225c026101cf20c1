// npm run format: lays out every source file as `npm run check` wants it.

import { rustExtensions } from './lib/extensions.mjs'
import { main } from './lib/main.mjs'
import { installPackages, script } from './lib/packages.mjs'
import { root } from './lib/places.mjs'
import { run } from './lib/run.mjs'
import { step } from './lib/step.mjs'
import { installToolchain } from './lib/toolchain.mjs'

const USAGE =
  'npm run format takes no arguments. It lays out every source file, JavaScript and Rust, as npm run check wants it.'

await main(async () => {
  await installPackages()
  const { env } = await installToolchain()
  await step('Formatting JavaScript and TypeScript', () => run(process.execPath, [script('prettier'), '--write', '.']))
  await step('Formatting Rust', async () => {
    for (const directory of [root, ...rustExtensions()]) await run('cargo', ['fmt', '--all'], { cwd: directory, env })
  })
}, USAGE)
