import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure } from './failure.mjs'
import { root } from './places.mjs'
import { run } from './run.mjs'
import { step } from './step.mjs'

/** Makes sure that the npm packages of a directory are those of its lock file. */
export async function installPackages(directory = root) {
  const where = directory === root ? '' : ` of ${directory.slice(root.length + 1)}`
  await step(`Installing the npm packages${where}`, async (live) => {
    if (installed(directory)) return live.note('up to date')
    // What they would run at install time is not needed: what they bring comes prebuilt.
    const [npm, ...args] = [...npmCommand(), 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn']
    await run(npm, args, { cwd: directory, advice: 'check that the npm registry can be reached, then run it again.' })
  })
}

/**
 * Compares versions rather than the times of files: a checkout renews those, and `npm ci` deletes everything first.
 */
function installed(directory) {
  const hidden = join(directory, 'node_modules', '.package-lock.json')
  if (!existsSync(hidden)) return false
  const wanted = readJson(join(directory, 'package-lock.json')).packages
  const found = readJson(hidden).packages
  return Object.entries(wanted).every(([place, { version, integrity, optional, peer }]) => {
    if (place === '') return true
    const there = found[place]
    if (there === undefined) return optional === true || peer === true
    return there.version === version && there.integrity === integrity
  })
}

/** The npm that started this script, or the one on the path. */
export function npmCommand() {
  const script = process.env.npm_execpath
  if (script !== undefined && basename(script) === 'npm-cli.js') return [process.execPath, script]
  // On Windows npm is a batch file, which cannot be spawned; its script lies beside node.
  const beside = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')
  return process.platform === 'win32' ? [process.execPath, beside] : ['npm']
}

/** The script behind a command that a package brings, to be run with node. */
export function script(name, { command = name, directory = root } = {}) {
  const place = join(directory, 'node_modules', name)
  if (!existsSync(place)) {
    throw new Failure(`The npm package ${name} is not installed.`, { advice: `run npm ci in ${directory}.` })
  }
  const { bin } = readJson(join(place, 'package.json'))
  return join(place, typeof bin === 'string' ? bin : bin[command])
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
