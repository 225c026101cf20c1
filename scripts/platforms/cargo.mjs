// Compiles the addon for a platform, as it is published.

import { copyFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toolchains, Venv } from '../extensions/toolchains/python.mjs'
import { cache } from '../extensions/toolchains/zig.mjs'
import { cargoProgress, locked } from '../lib/cargo.mjs'
import { Failure } from '../lib/failure.mjs'
import { root } from '../lib/places.mjs'
import { run } from '../lib/run.mjs'
import { step } from '../lib/step.mjs'
import { GLIBC } from './requirements.mjs'

const CRATE = 'morphir-extension-host-node'
const PROFILE = 'dist'
const LIBRARIES = { linux: ['lib', '.so'], darwin: ['lib', '.dylib'], win32: ['', '.dll'] }

const zigbuild = new Venv('zigbuild', fileURLToPath(new URL('zigbuild.txt', import.meta.url)))

/** Builds a platform's addon into its package. Two systems build for themselves only; Linux builds for every Linux. */
export async function compile(platform, { env: rust }) {
  const { name, os, target } = platform
  if (os !== process.platform) {
    throw new Failure(`The addon for ${name} is not built on ${process.platform}.`, {
      advice: `build it on ${os}, as the release workflow does, which leaves it in the artifacts of its run.`,
    })
  }
  await addTarget(target, rust)
  const { command, triple, env } =
    os === 'linux' ? await withZig(platform, rust) : { command: 'build', triple: target, env: rust }
  return step(`Building the addon for ${name} with the profile ${PROFILE}`, async (live) => {
    const args = [command, '--profile', PROFILE, '--target', triple, '-p', CRATE, '--lib', ...locked]
    await run('cargo', args, {
      env,
      onLine: cargoProgress(live),
      advice: 'the first error above is the one to mend; the first build needs crates.io and about 3 GB of disk.',
    })
    const [before, after] = LIBRARIES[os]
    const library = join(root, 'target', target, PROFILE, `${before}${CRATE.replaceAll('-', '_')}${after}`)
    copyFileSync(library, platform.binary)
  })
}

async function addTarget(target, env) {
  const { stdout } = await run('rustup', ['target', 'list', '--installed'], { env })
  if (stdout.includes(target)) return
  await step(`Installing Rust's library for ${target}`, (live) =>
    run('rustup', ['target', 'add', target], {
      env,
      onLine: (line) => live.now(line.trim()),
      advice: 'check that static.rust-lang.org can be reached, then run it again.',
    }),
  )
}

/** Zig links with whichever C library is asked for, however new or old that of this machine is. */
async function withZig({ abi, target }, rust) {
  if (!zigbuild.complete) {
    await step('Installing cargo-zigbuild', (live) => zigbuild.install(live))
  }
  const bin = dirname(zigbuild.python)
  const flags = `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}_RUSTFLAGS`
  const env = {
    ...rust,
    ...cache,
    PATH: `${bin}${delimiter}${rust.PATH}`,
    CARGO_ZIGBUILD_PYTHON_PATH: zigbuild.python,
    CARGO_ZIGBUILD_CACHE_DIR: join(toolchains, 'zigbuild-cache'),
    // For musl Rust links statically by default, which makes no library that Node.js could load.
    ...(abi === 'musl' && { [flags]: '-C target-feature=-crt-static' }),
  }
  return { command: 'zigbuild', triple: abi === 'gnu' ? `${target}.${GLIBC}` : target, env }
}
