// Compilers from npm, as an extension's own package.json and lock file pin them.

import { existsSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { root } from '../../lib/places.mjs'
import { run } from '../../lib/run.mjs'

export function missing(directory) {
  const { devDependencies = {}, dependencies = {} } = readJson(join(directory, 'package.json'))
  const lacking = Object.entries({ ...devDependencies, ...dependencies }).find(([name, version]) => {
    const found = join(directory, 'node_modules', name, 'package.json')
    return !existsSync(found) || readJson(found).version !== version
  })
  if (lacking === undefined) return undefined
  return { what: `${lacking.join(' ')} from npm`, install: `npm ci in ${relative(root, directory)}` }
}

export async function install(directory, live) {
  const [npm, ...args] = [...npmCommand(), 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn']
  const advice = 'check that the npm registry can be reached, then run it again.'
  await run(npm, args, { cwd: directory, onLine: (line) => live.now(line.trim()), advice })
}

/** Runs a script of the extension's package.json, which finds its compilers. */
export async function runScript(directory, name, args = []) {
  const [npm, ...command] = [...npmCommand(), 'run', '--silent', name, '--', ...args]
  await run(npm, command, { cwd: directory })
}

/** The npm that started this script, or the one on the path. */
function npmCommand() {
  const script = process.env.npm_execpath
  return script !== undefined && basename(script) === 'npm-cli.js' ? [process.execPath, script] : ['npm']
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
