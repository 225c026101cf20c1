// npm run notes: what CHANGELOG.md tells of the version, in dist/, for the page of the release.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { section, unwrapped } from './lib/changelog.mjs'
import { main } from './lib/main.mjs'
import { root } from './lib/places.mjs'
import { count } from './lib/quantity.mjs'
import { readManifest } from './lib/tarball.mjs'

const USAGE =
  'npm run notes; writes what CHANGELOG.md tells of the version, or of what is not released yet, to dist/notes.md.'

await main(async () => {
  refuseArguments(process.argv.slice(2))
  const { version } = readManifest(root)
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
  const notes = section(changelog, version) ?? section(changelog, 'Unreleased')
  if (notes === undefined) {
    throw new Failure(`CHANGELOG.md has neither [Unreleased] nor [${version}].`, {
      advice: 'docs/releasing.md has the steps of a release.',
    })
  }
  const path = join(root, 'dist', 'notes.md')
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(path, unwrapped(notes))
  console.log(`${count(notes.length, 'character')}, in ${relative(root, path)}`)
}, USAGE)

function refuseArguments(args) {
  try {
    parseArgs({ args, options: {} })
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
}
