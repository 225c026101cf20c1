// npm run publish:packages: what `npm run package` left in dist/, to the registry. What is there already is left as it is, so that a release
// that broke off can go on.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { npmCommand } from './lib/packages.mjs'
import { root } from './lib/places.mjs'
import { platforms } from './lib/platforms.mjs'
import { attempt, run } from './lib/run.mjs'
import { step } from './lib/step.mjs'
import { readManifest, tarballName } from './lib/tarball.mjs'

const USAGE = `npm run publish:packages [-- --dry-run] [--registry <url>] [--from <directory>]

  Publishes the package of each platform and then the main one, a version that is not final under the tag "next".

  --dry-run   says what would be published
  --registry  another one than npm is set to
  --from      where the tarballs are, if not in dist/

Exit code: 0 all is published, by this run or an earlier one; 1 failed; 2 wrong arguments.`

await main(async () => {
  const { from = join(root, 'dist'), ...options } = optionsOf(process.argv.slice(2))
  const { name, version } = readManifest(root)
  // The main one last: whoever installs it then finds the others.
  const packages = [...platforms.map((platform) => `${name}-${platform.name}`), name]
  const missing = packages.filter((each) => !existsSync(join(from, tarballName(each, version))))
  if (missing.length > 0) {
    throw new Failure(`${from} has no ${missing.join(', ')} ${version}.`, {
      advice: 'npm run package -- --all packs them.',
    })
  }
  for (const each of packages) await publish(each, version, resolve(from), options)
}, USAGE)

function publish(name, version, from, { registry, 'dry-run': dryRun }) {
  return step(`Publishing ${name} ${version}`, async (live) => {
    const [npm, ...first] = npmCommand()
    const at = registry === undefined ? [] : ['--registry', registry]
    const { code, stdout } = await attempt(npm, [...first, 'view', `${name}@${version}`, 'version', ...at])
    if (code === 0 && stdout.includes(version)) return live.note('is there already')
    // What npm says of a failure is wanted even where somebody has silenced it.
    const flags = [...at, '--access', 'public', '--loglevel=warn']
    if (version.includes('-')) flags.push('--tag', 'next')
    if (dryRun) flags.push('--dry-run')
    await run(npm, [...first, 'publish', join(from, tarballName(name, version)), ...flags], {
      advice: 'mend what npm names, then run it again: what is published already is left as it is.',
    })
    if (dryRun) live.note('would be published')
  })
}

function optionsOf(args) {
  try {
    const options = { 'dry-run': { type: 'boolean' }, registry: { type: 'string' }, from: { type: 'string' } }
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
}
