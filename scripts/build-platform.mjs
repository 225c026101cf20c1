// npm run build:platform: the addon of a platform as it is published, in its package in npm/, checked and tried as far as this machine can.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { installPackages } from './lib/packages.mjs'
import { platforms } from './lib/platforms.mjs'
import { size } from './lib/quantity.mjs'
import { step } from './lib/step.mjs'
import { green } from './lib/style.mjs'
import { packMain, packPlatform } from './lib/tarball.mjs'
import { installToolchain } from './lib/toolchain.mjs'
import { compile } from './platforms/cargo.mjs'
import { recordAddon } from './platforms/record.mjs'
import { checkAddon } from './platforms/requirements.mjs'
import { runtimeFor } from './platforms/runtime.mjs'
import { Project } from './runtimes/project.mjs'
import { versionOf } from './runtimes/runtimes.mjs'

const names = platforms.map(({ name }) => name)
const USAGE = `npm run build:platform -- <platform> [<platform> …] [--no-build] [--no-try] [--record]

  There are ${names.join(', ')}.
  Linux builds for every Linux, with what it needs from PyPI; macOS and Windows build for themselves.

  --no-build  only checks and tries what was built
  --no-try    only builds and checks
  --record    writes what came of it into docs/platforms.md

Exit code: 0 built, and what could be tried works; 1 failed; 2 wrong arguments.`

await main(async () => {
  const options = optionsOf(process.argv.slice(2))
  if (options.help) return console.log(USAGE)
  await installPackages()
  const toolchain = options['no-build'] ? undefined : await installToolchain()
  for (const platform of options.wanted) await buildOne(platform, toolchain, options)
})

async function buildOne(platform, toolchain, options) {
  if (toolchain !== undefined) await compile(platform, toolchain)
  const checked = platform.os === 'linux' ? await check(platform) : {}
  const stage = mkdtempSync(join(tmpdir(), 'morphir-extension-host-platform-'))
  try {
    const packed = await packPlatform(platform, stage)
    const tried = options['no-try'] ? undefined : await tryOut(platform, [await packMain(stage), packed])
    if (options.record) recordAddon(platform.name, { ...checked, packed: packed.size, tried })
    if (tried?.failed.length > 0)
      throw new Failure(`The addon for ${platform.name} does not do what it should: ${tried.failed.join('; ')}.`)
    console.log(green(`The addon for ${platform.name} is in ${join('npm', platform.name, platform.file)}.`))
  } finally {
    rmSync(stage, { recursive: true })
  }
}

function check(platform) {
  return step(`Checking the addon for ${platform.name}`, async (live) => {
    const found = await checkAddon(platform, platform.binary)
    live.note(
      [
        size(found.size),
        found.glibc === undefined ? 'no glibc' : `glibc ${found.glibc}`,
        found.libraries.join(' '),
      ].join(', '),
    )
    return found
  })
}

async function tryOut(platform, tarballs) {
  const runtime = await runtimeFor(platform)
  if (runtime === undefined) {
    console.log(
      `It cannot be tried on ${process.platform} ${process.arch}: the release workflow does so on ${platform.name}.`,
    )
    return undefined
  }
  return step(`Trying it ${runtime.how}`, async (live) => {
    const version = await versionOf(runtime)
    const { passed, failed } = await Project.with(tarballs, (project) => project.run(runtime, live))
    live.note(`${passed} passed, ${failed.length} failed`)
    return {
      runtime: `${runtime.name} (${version})`,
      how: runtime.how,
      passed,
      failed: failed.map(({ name, reason }) => `${name}: ${reason}`),
    }
  })
}

function optionsOf(args) {
  let parsed
  try {
    const options = {
      'no-build': { type: 'boolean' },
      'no-try': { type: 'boolean' },
      record: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    }
    parsed = parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  const { values, positionals } = parsed
  const unknown = positionals.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new WrongUsage(`There is no platform named "${unknown}"; there are ${names.join(', ')}.`, USAGE)
  if (positionals.length === 0 && !values.help) throw new WrongUsage('Which platform?', USAGE)
  return { ...values, wanted: platforms.filter(({ name }) => positionals.includes(name)) }
}
