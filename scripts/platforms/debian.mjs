// Parts of other systems, from Debian's packages: unpacked below .toolchains instead of installed, so that nobody needs to be root, and
// the machine's own packages stay as they are.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toolchains } from '../extensions/toolchains/python.mjs'
import { Failure } from '../lib/failure.mjs'
import { attempt, run } from '../lib/run.mjs'
import { step } from '../lib/step.mjs'

/** The first release whose musl loads what is built for the Alpine Linux of today. */
const RELEASE = 'trixie'
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'
const SOURCES = '/etc/apt/sources.list.d/debian.sources'
const MIRROR = 'http://deb.debian.org/debian'

/**
 * A folder with the files of some packages and nothing else.
 * @param {'amd64' | 'arm64'} architecture
 * @param {string[]} packages
 */
export async function unpack(architecture, packages) {
  const directory = join(toolchains, `debian-${architecture}`)
  const files = join(directory, 'root')
  const done = join(directory, 'packages.txt')
  const wanted = `${RELEASE} ${packages.join(' ')}\n`
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return files
  await step(`Unpacking Debian's ${packages.join(', ')} for ${architecture}`, async (live) => {
    await checkApt()
    rmSync(directory, { recursive: true, force: true })
    for (const part of ['lists/partial', 'archives/partial', 'root/usr/lib'])
      mkdirSync(join(directory, part), { recursive: true })
    const list = join(directory, 'sources.list')
    writeFileSync(list, `deb [signed-by=${KEYS}] ${mirror()} ${RELEASE} main\n`)
    const apt = [
      `APT::Architecture=${architecture}`,
      `APT::Architectures=${architecture}`,
      'APT::Sandbox::User=root',
      `Dir::Etc::sourcelist=${list}`,
      'Dir::Etc::sourceparts=-',
      `Dir::State=${directory}`,
      `Dir::State::lists=${join(directory, 'lists')}`,
      `Dir::Cache=${directory}`,
      'Debug::NoLocking=1',
    ].flatMap((option) => ['-o', option])
    const archives = join(directory, 'archives')
    const options = {
      cwd: archives,
      onLine: (line) => live.now(line),
      advice: 'check that Debian’s mirror can be reached, then run it again.',
    }
    await run('apt-get', [...apt, 'update'], options)
    await run('apt-get', [...apt, 'download', ...packages], options)
    // Where packages put what belongs to /lib: by itself the link is in another package.
    symlinkSync('usr/lib', join(files, 'lib'))
    for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', join(archives, file), files])
    }
    writeFileSync(done, wanted)
  })
  return files
}

async function checkApt() {
  if (existsSync(KEYS) && (await attempt('dpkg-deb', ['--version'])).code === 0) return
  throw new Failure('Addons for other systems are tried with parts of Debian, which apt-get and dpkg-deb fetch.', {
    advice:
      'run it on Debian, or on Ubuntu with the package debian-archive-keyring; the release workflow tries them on the systems themselves.',
  })
}

/** The one that this machine uses, if it is Debian. */
function mirror() {
  return (existsSync(SOURCES) && /^URIs: (\S+)/m.exec(readFileSync(SOURCES, 'utf8'))?.[1]) || MIRROR
}
