// npm run package: the packages as they are published, in dist/: the main one, and those of the platforms whose addons were built.

import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { root } from './lib/places.mjs'
import { builtAddon, platforms } from './lib/platforms.mjs'
import { size } from './lib/quantity.mjs'
import { table } from './lib/table.mjs'
import { packMain, packPlatform } from './lib/tarball.mjs'

const USAGE = 'npm run package [-- --all]; --all fails if the addon of any platform is missing.'
const dist = join(root, 'dist')

await main(async () => {
  const { all } = optionsOf(process.argv.slice(2))
  const missing = platforms.filter((platform) => builtAddon(platform) === undefined)
  if (all && missing.length > 0) {
    throw new Failure(`There are no addons for ${missing.map(({ name }) => name).join(', ')}.`, {
      advice: 'npm run build:platform builds them, each on its system.',
    })
  }
  rmSync(dist, { recursive: true, force: true })
  const packed = []
  // Those of the platforms first: whoever installs the main one then finds them.
  for (const platform of platforms) if (!missing.includes(platform)) packed.push(await packPlatform(platform, dist))
  packed.push(await packMain(dist))
  const rows = packed.map(({ path, size: bytes, unpackedSize }) => [
    relative(root, path),
    size(bytes),
    size(unpackedSize),
  ])
  for (const line of table([['', 'packed', 'unpacked'], ...rows], { right: [1, 2] })) console.log(line)
}, USAGE)

function optionsOf(args) {
  try {
    return parseArgs({ args, options: { all: { type: 'boolean', default: false } } }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
}
