// npm run build: the addon for this machine, from nothing but a checkout, Node.js and rustup.

import { parseArgs } from 'node:util'
import { buildAddon } from './lib/addon.mjs'
import { WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { installPackages } from './lib/packages.mjs'
import { installToolchain } from './lib/toolchain.mjs'

const USAGE = 'npm run build [-- --profile release|dist]; dist is what is published: smaller, faster, minutes to build.'

await main(async () => {
  const profile = profileOf(process.argv.slice(2))
  await installPackages()
  await buildAddon(await installToolchain(), profile)
}, USAGE)

function profileOf(args) {
  try {
    const { profile } = parseArgs({ args, options: { profile: { type: 'string', default: 'release' } } }).values
    if (profile === 'release' || profile === 'dist') return profile
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  throw new WrongUsage('The profile is release or dist.', USAGE)
}
