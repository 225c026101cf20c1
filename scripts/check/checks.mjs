// What CI checks besides the tests. Each check throws a Failure, with what to do, where something is not as it should be.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { buildAddon } from '../lib/addon.mjs'
import { cargoProgress, locked } from '../lib/cargo.mjs'
import { rustExtensions } from '../lib/extensions.mjs'
import { Failure } from '../lib/failure.mjs'
import { script } from '../lib/packages.mjs'
import { examplesTarget, extensions, model, root } from '../lib/places.mjs'
import { attempt, run } from '../lib/run.mjs'
import { step } from '../lib/step.mjs'
import { packed } from './packed.mjs'
import { versions } from './versions.mjs'
import { workflows } from './workflows.mjs'

/** What a linter finds is all of interest, as long as it fits a log. */
const FINDINGS = 300
const FORMAT = 'run npm run format.'
const GENERATED = ['binding.js', 'binding.d.ts']
const LOCK_FILES = [
  ...[root, model, join(root, 'bench', 'peers'), join(root, 'docs', 'site')],
  ...['installs', 'runtimes'].map((name) => join(root, 'scripts', name)),
  ...['assemblyscript', 'typescript'].map((name) => join(extensions, name)),
  ...['vscode-extension', join('vscode-extension', 'editor')].map((name) => join(root, 'examples', name)),
].map((directory) => join(directory, 'package-lock.json'))
const ENGINES = ['python', 'quickjs'].map((name) => join(root, 'examples', 'engines', name))

/** By name, in the order of how soon they answer. Those that need the Rust toolchain call what they get for it. */
export const checks = {
  'lock-files': lockFiles,
  versions,
  package: packed,
  workflows,
  lint: javascriptLint,
  format: javascriptFormat,
  'rust-format': rustFormat,
  core: coreWithoutNapi,
  clippy: rustLint,
  binding: bindingDrift,
}

function lockFiles() {
  return step('Checking the lock files of npm', async () => {
    for (const path of LOCK_FILES) {
      const { packages } = JSON.parse(readFileSync(path, 'utf8'))
      for (const [place, { resolved, optionalDependencies = {} }] of Object.entries(packages)) {
        if (resolved !== undefined) {
          throw new Failure(`${relative(root, path)} has ${place} from ${resolved}.`, {
            advice: 'npm install --package-lock-only with omit-lockfile-registry-resolved=true, as in .npmrc.',
          })
        }
        // A registry without the packages of other platforms makes npm leave them out, and then `npm ci` refuses the file.
        const missing = Object.keys(optionalDependencies).find((name) => !isLocked(packages, place, name))
        if (missing !== undefined) {
          throw new Failure(`${relative(root, path)} lacks ${missing}, an optional dependency of ${place}.`, {
            advice: 'make the lock file with a registry that has the packages of all platforms.',
          })
        }
      }
    }
  })
}

/** Whether a lock file has what Node finds from a package's place: in its own node_modules, or in one further up. */
function isLocked(packages, place, name) {
  for (let from = place; from !== ''; from = from.slice(0, Math.max(from.lastIndexOf('/node_modules/'), 0))) {
    if (`${from}/node_modules/${name}` in packages) return true
  }
  return `node_modules/${name}` in packages
}

function javascriptLint() {
  return step('Checking JavaScript and TypeScript with oxlint', () => node([script('oxlint'), '--deny-warnings']))
}

function javascriptFormat() {
  return step('Checking their formatting with prettier', () => node([script('prettier'), '--check', '.'], FORMAT))
}

async function rustFormat(toolchain) {
  const { env } = await toolchain()
  await step('Checking the formatting of Rust', async () => {
    for (const directory of [root, ...rustExtensions(), ...ENGINES]) {
      await run('cargo', ['fmt', '--all', '--check'], { cwd: directory, env, advice: FORMAT, lastLines: FINDINGS })
    }
  })
}

async function coreWithoutNapi(toolchain) {
  const { env } = await toolchain()
  await step('Checking that the core does not depend on napi', async () => {
    const args = [
      'tree',
      '-p',
      'morphir-extension-host',
      '--target',
      'all',
      '-e',
      'normal,build',
      '--prefix',
      'none',
      '--locked',
    ]
    const { stdout } = await run('cargo', args, { env })
    const napi = new Set(stdout.map((line) => line.split(' ', 1)[0]).filter((name) => name.startsWith('napi')))
    if (napi.size === 0) return
    throw new Failure(`morphir-extension-host depends on ${[...napi].join(', ')}.`, {
      advice: 'only the binding may; the core also serves Rust programs without Node.',
    })
  })
}

/** Morphir's SDK asks for a newer compiler than it needs. */
const lockedExample = ['--locked', '--ignore-rust-version']

async function rustLint(toolchain) {
  const { env, host } = await toolchain()
  await step('Checking Rust with clippy', async (live) => {
    const onLine = cargoProgress(live)
    const warnings = ['--', '-D', 'warnings']
    const args = ['clippy', '--release', '--target', host, '--workspace', '--all-targets', ...locked, ...warnings]
    await run('cargo', args, { env, onLine, lastLines: FINDINGS })
    for (const directory of rustExtensions()) {
      const args = ['clippy', '--all-targets', ...lockedExample, '--target-dir', examplesTarget, ...warnings]
      await run('cargo', args, {
        cwd: directory,
        env,
        onLine,
        lastLines: FINDINGS,
      })
    }
  })
}

async function bindingDrift(toolchain) {
  const before = GENERATED.map(hash)
  await buildAddon(await toolchain())
  await step('Checking that the generated binding is up to date', async () => {
    const drifted = GENERATED.filter((name, index) => hash(name) !== before[index])
    if (drifted.length === 0) return
    const { lines } = await attempt('git', ['diff', '--', ...drifted])
    throw new Failure(`The build changed ${drifted.join(' and ')}.`, {
      output: lines,
      lastLines: FINDINGS,
      advice: 'commit the change.',
    })
  })
}

function hash(name) {
  return createHash('sha256')
    .update(readFileSync(join(root, name)))
    .digest('hex')
}

function node(args, advice) {
  return run(process.execPath, args, { advice, lastLines: FINDINGS })
}
