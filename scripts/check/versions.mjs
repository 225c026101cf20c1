// One version, everywhere it is written, and one list of platforms.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { section } from '../lib/changelog.mjs'
import { Failure } from '../lib/failure.mjs'
import { root } from '../lib/places.mjs'
import { platforms, unmatchedTargets } from '../lib/platforms.mjs'
import { step } from '../lib/step.mjs'

/** What a platform's package has from the main one. */
const SHARED = ['version', 'license', 'description', 'keywords', 'repository', 'engines']
const RELEASE = 'docs/releasing.md has the steps of a release.'
const LIBC = { gnu: ['glibc'], musl: ['musl'] }

export function versions() {
  return step('Checking that all versions and platforms agree', async (live) => {
    const manifest = readJson('package.json')
    const { version } = manifest
    for (const [place, found] of written()) {
      if (found !== version) complain(`${place} has version ${found}, and package.json ${version}.`, RELEASE)
    }
    for (const platform of platforms) checkPackage(platform, manifest)
    const strangers = [
      ...unmatchedTargets(),
      ...readdirSync(join(root, 'npm')).filter((folder) => !platforms.some(({ name }) => name === folder)),
    ]
    if (strangers.length > 0) {
      complain(
        `${strangers.join(', ')} is named in one place and not in the others.`,
        'lib/platforms.js, the targets of napi in package.json, and npm/ have the same platforms.',
      )
    }
    checkRelease(version)
    live.note(version)
  })
}

/** Where the version is written beside the manifests, and what it is there. */
function written() {
  const lock = readJson('package-lock.json')
  const cargo = read('Cargo.toml')
  const lockedCrates = [...read('Cargo.lock').matchAll(/^name = "(morphir-extension-host[\w-]*)"\nversion = "(.+)"$/gm)]
  return [
    ['package-lock.json', lock.version],
    ['package-lock.json, packages[""],', lock.packages[''].version],
    ['Cargo.toml, [workspace.package],', /^version = "(.+)"$/m.exec(cargo)?.[1]],
    ['Cargo.toml, [workspace.dependencies],', /^morphir-extension-host = .*version = "(.+?)"/m.exec(cargo)?.[1]],
    ...lockedCrates.map(([, name, version]) => [`Cargo.lock, ${name},`, version]),
    // The generated loader has it once for each platform.
    ...[...new Set(loaderVersions())].map((version) => ['binding.js', version]),
  ]
}

function loaderVersions() {
  return [...read('binding.js').matchAll(/bindingPackageVersion !== '(.+?)'/g)].map((match) => match[1])
}

function checkPackage({ name, os, cpu, abi, file, directory }, main) {
  const path = relative(root, join(directory, 'package.json'))
  if (!existsSync(join(root, path))) complain(`${path} is missing.`, 'npx napi create-npm-dirs makes it.')
  const found = readJson(path)
  const wanted = {
    name: `${main.name}-${name}`,
    ...Object.fromEntries(SHARED.map((key) => [key, main[key]])),
    os: [os],
    cpu: [cpu],
    libc: LIBC[abi],
    main: file,
    files: [file],
  }
  for (const [key, value] of Object.entries(wanted)) {
    if (JSON.stringify(found[key]) !== JSON.stringify(value)) {
      complain(`${path} has ${key} ${JSON.stringify(found[key])}.`, `it has to be ${JSON.stringify(value)}.`)
    }
  }
  if (!existsSync(join(directory, 'README.md')))
    complain(`npm/${name} has no README.md.`, 'say which system it is for.')
}

/** What a tag names must be what is released, and the changelog must tell of it. */
function checkRelease(version) {
  const heading = (text) => section(read('CHANGELOG.md'), text) !== undefined
  if (process.env.GITHUB_REF_TYPE === 'tag') {
    const { GITHUB_REF_NAME: tag } = process.env
    if (tag !== `v${version}`) complain(`The tag is ${tag}, and the version ${version}.`, RELEASE)
    if (!heading(version)) complain(`CHANGELOG.md does not tell of ${version}.`, RELEASE)
  } else if (!heading(version) && !heading('Unreleased')) {
    complain(`CHANGELOG.md has neither [Unreleased] nor [${version}].`, RELEASE)
  }
}

function complain(message, advice) {
  throw new Failure(message, { advice })
}

function readJson(path) {
  return JSON.parse(read(path))
}

function read(path) {
  return readFileSync(join(root, path), 'utf8')
}
