// The packages as they are published: one with the JavaScript, and one with the addon of each platform.

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { Failure } from './failure.mjs'
import { npmCommand } from './packages.mjs'
import { root } from './places.mjs'
import { builtAddon, platforms } from './platforms.mjs'
import { run } from './run.mjs'

/** What every package has beside its manifest and what its manifest lists. */
const PAPERS = ['LICENSE']

/**
 * Packs the main package into a directory and answers the tarball's path. In the repository its manifest names no addons: npm would look
 * for packages that are not published yet. What is published names all of them, and what only a checkout needs it lacks.
 */
export async function packMain(destination) {
  const manifest = readManifest(root)
  for (const key of ['scripts', 'devDependencies']) delete manifest[key]
  const optionalDependencies = Object.fromEntries(
    platforms.map(({ name }) => [`${manifest.name}-${name}`, manifest.version]),
  )
  return pack(destination, { ...manifest, optionalDependencies }, (stage) => {
    for (const path of [...manifest.files.flatMap(matching), ...PAPERS, 'README.md']) {
      copy(join(root, path), join(stage, path))
    }
  })
}

/** Packs the package of a platform, whose addon must have been built. */
export async function packPlatform(platform, destination) {
  const addon = builtAddon(platform)
  if (addon === undefined) {
    throw new Failure(`There is no addon for ${platform.name}.`, {
      advice: `npm run build:platform -- ${platform.name} builds it.`,
    })
  }
  return pack(destination, readManifest(platform.directory), (stage) => {
    copy(addon, join(stage, platform.file))
    // Whatever the file was allowed where it was built.
    chmodSync(join(stage, platform.file), 0o644)
    copy(join(platform.directory, 'README.md'), join(stage, 'README.md'))
    for (const path of PAPERS) copy(join(root, path), join(stage, path))
  })
}

/** Lays packed packages out in a directory as npm installs them. */
export async function installTarballs(tarballs, directory) {
  for (const { name, path } of tarballs) {
    const place = join(directory, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    // Named from there: GNU's tar takes what stands before a colon, such as a drive, for another machine.
    await run('tar', ['-xzf', relative(place, path), '--strip-components=1'], { cwd: place })
  }
}

/** What npm calls the tarball of a package. */
export function tarballName(name, version) {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
}

async function pack(destination, manifest, fill) {
  const stage = mkdtempSync(join(tmpdir(), 'morphir-extension-host-pack-'))
  try {
    fill(stage)
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    mkdirSync(destination, { recursive: true })
    const [npm, ...args] = [...npmCommand(), 'pack', '--json', '--ignore-scripts', '--pack-destination', destination]
    const { stdout } = await run(npm, args, { cwd: stage })
    const report = JSON.parse(stdout.join('\n'))
    // Since npm 12 by name, before that a list.
    const [{ filename, size, unpackedSize, files }] = Object.values(report)
    return {
      name: manifest.name,
      path: join(destination, filename),
      size,
      unpackedSize,
      files: files.map(({ path }) => path),
    }
  } finally {
    rmSync(stage, { recursive: true })
  }
}

/** The files that an entry of `files` names: a path, or all of one ending in a directory. */
function matching(entry) {
  const [, directory, ending] = /^([^*]+)\/\*(\.\w+)$/.exec(entry) ?? []
  if (directory === undefined) return [entry]
  return readdirSync(join(root, directory))
    .filter((file) => file.endsWith(ending))
    .map((file) => `${directory}/${file}`)
}

function copy(from, to) {
  if (!existsSync(from)) throw new Failure(`${from} is to be packed, and is not there.`)
  cpSync(from, to, { recursive: true })
}

export function readManifest(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
}
