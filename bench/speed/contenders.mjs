// Who is measured, and how a process is started for it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cargoProgress, locked } from '../../scripts/lib/cargo.mjs'
import { root } from '../../scripts/lib/places.mjs'
import { run } from '../../scripts/lib/run.mjs'
import { step } from '../../scripts/lib/step.mjs'

export const peers = join(root, 'bench', 'peers')

/**
 * @param {string} raw the program of crates/host/examples/raw_speed.rs
 * @returns {Record<string, { title: string, command: string[], env?: Record<string, string> }>} by name
 */
export function listContenders(raw) {
  const node = (options) => {
    return [
      process.execPath,
      '--expose-gc',
      '--no-warnings',
      join(root, 'bench/speed/child.mjs'),
      JSON.stringify(options),
    ]
  }
  const sdk = (name, worker) => ({
    title: `\`@extism/extism\` ${version(join(peers, 'node_modules', name))} ${worker ? 'in a worker' : 'on the main thread'}`,
    command: node({ driver: 'sdk', sdk: name, worker }),
  })
  return {
    host: { title: 'this host', command: node({ driver: 'host' }) },
    'host-threads': { title: 'this host, `threads: 2`', command: node({ driver: 'host', threads: 2 }) },
    'host-backtrace': {
      title: 'this host, with `RUST_BACKTRACE=1`',
      command: node({ driver: 'host' }),
      env: { RUST_BACKTRACE: '1' },
    },
    'extism-1': sdk('extism-1', true),
    'extism-2': sdk('extism-2', true),
    'extism-2-kept': {
      ...sdk('extism-2', true),
      title: `${sdk('extism-2', true).title}, never reset`,
      command: node({ driver: 'sdk', sdk: 'extism-2', worker: true, reset: false }),
    },
    'extism-1-main': sdk('extism-1', false),
    'extism-2-main': sdk('extism-2', false),
    rust: { title: `crate \`extism\` ${lockedVersion('extism')} in Rust`, command: [raw] },
    worker: { title: 'a plain worker thread', command: node({ driver: 'worker' }) },
    javascript: { title: 'plain JavaScript', command: node({ driver: 'javascript' }) },
  }
}

/** Builds an example of the core, because that brings the very same engine, and answers its program. */
export function buildExample(name, { host, env }) {
  return step(`Building the example ${name}`, async (live) => {
    const what = ['-p', 'morphir-extension-host', '--example', name]
    await run('cargo', ['build', '--release', '--target', host, ...what, ...locked], {
      env,
      onLine: cargoProgress(live),
    })
    return join(root, 'target', host, 'release', 'examples', process.platform === 'win32' ? `${name}.exe` : name)
  })
}

/** The version of a package that lies in a directory. */
export function version(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version
}

export function lockedVersion(crate) {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8')
  return new RegExp(`name = "${crate}"\nversion = "(.+)"`).exec(lock)[1]
}
