// Where and with what it was measured.

import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/lib/places.mjs'
import { lockedVersion, peers, version } from './contenders.mjs'

const GIB = 1024 ** 3

export function describeMachine() {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0].model,
    processors: availableParallelism(),
    memory: `${Math.round(totalmem() / GIB)} GiB`,
    system: `${platform()} ${arch()}`,
    node: process.version,
    rust: /^channel\s*=\s*"(.+)"/m.exec(readFileSync(join(root, 'rust-toolchain.toml'), 'utf8'))[1],
    versions: {
      '@finos/morphir-extension-host': version(root),
      'extism (crate)': lockedVersion('extism'),
      'wasmtime (crate)': lockedVersion('wasmtime'),
      'extism-1': version(join(peers, 'node_modules', 'extism-1')),
      'extism-2': version(join(peers, 'node_modules', 'extism-2')),
    },
    /** Of the minute before. */
    load: loadavg()[0],
  }
}

/** Whether so much else runs that figures will be too high. */
export function isBusy({ load, processors }) {
  return load > 0.75 * processors
}
