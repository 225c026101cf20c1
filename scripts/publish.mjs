// npm run publish:packages: what `npm run package` left in dist/, to the registry. What is there already is left as it is, so that a release
// that broke off can go on.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { npmCommand } from './lib/packages.mjs'
import { root } from './lib/places.mjs'
import { platforms } from './lib/platforms.mjs'
import { attempt, run } from './lib/run.mjs'
import { step } from './lib/step.mjs'
import { readManifest, tarballName } from './lib/tarball.mjs'

const USAGE = `npm run publish:packages [-- --dry-run] [--provenance]

  --dry-run     says what would be published
  --provenance  signs where and from what it was built, which only works in a workflow`
const dist = join(root, 'dist')

await main(async () => {
  const options = optionsOf(process.argv.slice(2))
  const { name, version } = readManifest(root)
  // The main one last: whoever installs it then finds the others.
  const packages = [...platforms.map((platform) => `${name}-${platform.name}`), name]
  const there = new Set(readdirSync(dist))
  const missing = packages.filter((each) => !there.has(tarballName(each, version)))
  if (missing.length > 0) {
    throw new Failure(`dist has no ${missing.join(', ')} ${version}.`, {
      advice: 'npm run package -- --all packs them.',
    })
  }
  for (const each of packages) await publish(each, version, options)
}, USAGE)

function publish(name, version, options) {
  return step(`Publishing ${name} ${version}`, async (live) => {
    const [npm, ...first] = npmCommand()
    const { code, stdout } = await attempt(npm, [...first, 'view', `${name}@${version}`, 'version'])
    if (code === 0 && stdout.includes(version)) return live.note('is there already')
    const flags = Object.entries(options)
      .filter(([, wanted]) => wanted)
      .map(([flag]) => `--${flag}`)
    await run(npm, [...first, 'publish', join(dist, tarballName(name, version)), '--access', 'public', ...flags])
  })
}

function optionsOf(args) {
  try {
    const options = { 'dry-run': { type: 'boolean' }, provenance: { type: 'boolean' } }
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
}
