import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Starts a Redis of one's own, which only this machine can reach and which keeps nothing. */
export async function startRedis() {
  const directory = await mkdtemp(join(tmpdir(), 'morphir-fleet-redis-'))
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => server.once('close', resolve))
  // Whatever becomes of the tests, it does not outlive them.
  const kill = () => {
    server.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', kill)
  try {
    await ready(server)
  } catch (error) {
    await rm(directory, { recursive: true })
    throw error
  }
  const stop = async () => {
    process.off('exit', kill)
    server.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true })
  }
  return { url: `redis://127.0.0.1:${port}`, stop }
}

function ready(server) {
  return new Promise((resolve, reject) => {
    const lines = []
    createInterface({ input: server.stdout }).on('line', (line) => {
      lines.push(line)
      if (line.includes('Ready to accept connections')) resolve()
    })
    server.once('error', (error) => {
      const missing = 'There is no redis-server on the path: on Debian and Ubuntu, apt-get install redis-server.'
      reject(error.code === 'ENOENT' ? new Error(missing) : error)
    })
    server.once('exit', () => reject(new Error(`redis-server ended before it was ready:\n${lines.join('\n')}`)))
  })
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
