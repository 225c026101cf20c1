// What is attacked, and how a trial's process is started for it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cargoProgress, locked } from '../../scripts/lib/cargo.mjs'
import { installPackages } from '../../scripts/lib/packages.mjs'
import { root } from '../../scripts/lib/places.mjs'
import { run } from '../../scripts/lib/run.mjs'
import { step } from '../../scripts/lib/step.mjs'
import { installToolchain } from '../../scripts/lib/toolchain.mjs'

const here = join(root, 'bench', 'attacks')
const peers = join(root, 'bench', 'peers')

/** What each is called in the table, with the version that is there. */
export async function installRuntimes() {
  await installPackages()
  await installPackages(peers)
  const raw = await buildRaw(await installToolchain())
  const sdk = (name) => ({
    name,
    title: `\`@extism/extism\` ${version(join(peers, 'node_modules', name))} in a worker`,
    command: [process.execPath, join(here, 'extism-sdk.mjs')],
  })
  return [
    sdk('extism-1'),
    sdk('extism-2'),
    { name: 'rust', title: `crate \`extism\` ${lockedVersion('extism')} alone`, command: [raw] },
    { name: 'host', title: 'this host', command: [process.execPath, join(here, 'this-host.mjs')] },
  ]
}

/** The engine without this host: an example of the core, because that brings the very same engine. */
function buildRaw({ host, env }) {
  return step('Building the example that runs the engine alone', async (live) => {
    const what = ['-p', 'morphir-extension-host', '--example', 'raw']
    await run('cargo', ['build', '--release', '--target', host, ...what, ...locked], {
      env,
      onLine: cargoProgress(live),
    })
    return join(root, 'target', host, 'release', 'examples', process.platform === 'win32' ? 'raw.exe' : 'raw')
  })
}

/** The version of a package that lies in a directory. */
export function version(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version
}

function lockedVersion(crate) {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8')
  return new RegExp(`name = "${crate}"\nversion = "(.+)"`).exec(lock)[1]
}
