// Redis: the one on the path, else Debian's, unpacked below .toolchains, so that nobody needs to be root.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { toolchains } from '../extensions/toolchains/python.mjs'
import { attempt, run } from '../lib/run.mjs'

const directory = join(toolchains, 'redis')
const PACKAGES = ['redis-server', 'redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1']

/** What is not there, in words for a reader; it only looks. */
export async function missing() {
  if ((await find()) !== undefined) return undefined
  const { missing: noApt } = await attempt('apt-get', ['--version'])
  if (noApt) return { what: 'Redis', install: 'see https://redis.io/docs/latest/operate/oss_and_stack/install' }
  return { what: 'Redis, which Debian has', install: 'npm run examples -- --install' }
}

/** Unpacks Debian's packages; apt-get has checked their signatures. */
export async function install(live) {
  const scratch = `${directory}.new`
  rmSync(scratch, { recursive: true, force: true })
  for (const folder of ['lists', 'archives']) mkdirSync(join(scratch, 'apt', folder, 'partial'), { recursive: true })
  // With lists of its own: the system's may be old or missing, and only root may renew them.
  const own = [`Dir::State::Lists=${scratch}/apt/lists`, `Dir::Cache=${scratch}/apt`, 'APT::Sandbox::User=root']
  const apt = (args) =>
    run('apt-get', [...own.flatMap((option) => ['-o', option]), ...args], {
      cwd: scratch,
      onLine: (line) => live.now(line.trim()),
      advice: 'check that the mirrors of Debian or Ubuntu can be reached, or install Redis yourself.',
    })
  await apt(['update'])
  await apt(['download', ...PACKAGES])
  for (const file of readdirSync(scratch).filter((file) => file.endsWith('.deb'))) {
    await run('dpkg-deb', ['--extract', file, '.'], { cwd: scratch })
    rmSync(join(scratch, file))
  }
  rmSync(join(scratch, 'apt'), { recursive: true })
  rmSync(directory, { recursive: true, force: true })
  renameSync(scratch, directory)
}

/** The environment in which `redis-server` can be run by its name, or nothing where there is none. */
export async function find() {
  for (const env of [{}, unpacked()].filter(Boolean)) {
    const { code } = await attempt('redis-server', ['--version'], { env })
    if (code === 0) return env
  }
}

function unpacked() {
  if (!existsSync(directory)) return undefined
  const libraries = readdirSync(join(directory, 'usr', 'lib')).map((name) => join(directory, 'usr', 'lib', name))
  return {
    PATH: [join(directory, 'usr', 'bin'), process.env.PATH].join(delimiter),
    LD_LIBRARY_PATH: libraries.join(delimiter),
  }
}
