// A registry for as long as something needs it, on this machine only, that knows no other registry.

import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../lib/failure.mjs'
import { script } from '../lib/packages.mjs'
import { place } from './tools.mjs'

const CONFIGURATION = `storage: ./storage
auth: { htpasswd: { file: ./htpasswd } }
uplinks: {}
packages: { '**': { access: $all, publish: $all } }
max_body_size: 100mb
web: { enable: false }
log: { type: stdout, format: json, level: error }
`
const PATIENCE = 30_000

/** Does something with the address of a registry that is empty at first. */
export async function withRegistry(directory, work) {
  const address = `http://127.0.0.1:${await freePort()}/`
  const configuration = join(directory, 'registry.yaml')
  writeFileSync(configuration, CONFIGURATION)
  const args = [script('verdaccio', { directory: place }), '--config', configuration, '--listen', address]
  const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  const printed = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => printed.push(...text.split('\n').filter(Boolean)))
  }
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    await answers(address, child, printed)
    return await work(address)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

async function answers(address, child, printed) {
  for (const late = Date.now() + PATIENCE; Date.now() < late && child.exitCode === null; await sleep(100)) {
    try {
      if ((await fetch(`${address}-/ping`)).ok) return
    } catch {
      // Not yet.
    }
  }
  throw new Failure('The registry does not start.', { output: printed })
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
