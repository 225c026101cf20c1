import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('process.mjs', import.meta.url))
/** How this very runtime is started: an emulator may come first, or options. */
const [command, ...args] = JSON.parse(process.env.RUNTIME_COMMAND ?? JSON.stringify([process.execPath]))

/** Runs a process to its end; answers how it ended, and how long after it said that it would. */
function ended(what) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args, script, what], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said
    let printed = ''
    let complaint = ''
    child.stdout.on('data', (data) => {
      said ??= performance.now()
      printed += data
    })
    child.stderr.on('data', (data) => (complaint += data))
    const killer = setTimeout(() => child.kill('SIGKILL'), 50_000)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(killer)
      resolve({ code, signal, printed: printed.trim(), complaint: complaint.trim(), took: performance.now() - said })
    })
  })
}

async function endsWell(what, printed, within) {
  const { took, ...end } = await ended(what)
  assert.deepEqual(end, { code: 0, signal: null, printed, complaint: '' })
  assert.ok(took < within, `It took ${Math.round(took)} ms.`)
}

export const cases = {
  'ends by itself with idle extensions': () => endsWell('idle', '101', 10_000),
  'does not end before a call that nobody awaits': () => endsWell('unawaited', '101', 10_000),
  'ends at process.exit in a log listener, in the middle of a call': () => endsWell('exit-log', 'exit', 10_000),
  'ends at process.exit in a host function, in the middle of a call': () => endsWell('exit-function', 'exit', 10_000),
  'ends at an error that nobody catches, while guests run for ever': async () => {
    const { code, signal, printed, complaint, took } = await ended('throw')
    assert.deepEqual({ code, signal, printed }, { code: 1, signal: null, printed: 'throw' })
    assert.match(complaint, /Nobody catches this\./)
    assert.ok(took < 10_000, `It took ${Math.round(took)} ms.`)
  },
  'ends at process.exit while guests run for ever': () => endsWell('exit', 'exit', 10_000),
  'ends at process.exit while guests run for ever on threads of its own': () =>
    endsWell('exit-threads', 'exit', 10_000),
}
