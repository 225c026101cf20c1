// The package as it is published: one tarball without a binary, and one with this platform's.

import { Failure } from '../lib/failure.mjs'
import { builtAddon, platformHere } from '../lib/platforms.mjs'
import { packMain, packPlatform } from '../lib/tarball.mjs'

/** Packs both into a directory, and answers their paths. */
export async function pack(directory) {
  const platform = platformHere()
  if (platform === undefined || builtAddon(platform) === undefined)
    throw new Failure('The addon is not built.', { advice: 'npm run build.' })
  const packed = [await packMain(directory), await packPlatform(platform, directory)]
  return packed.map(({ path }) => path)
}
