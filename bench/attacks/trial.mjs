// One attack on one runtime, in a process of its own that is watched and, where it does not end by itself, ended.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** How long a trial may take before its process is killed, in milliseconds: time enough to settle late, and to end. */
const PATIENCE = 15_000
/** How much memory its process may take before it is killed, in bytes. */
export const MOST_MEMORY = 2 * 1024 ** 3
/** How often it is looked at, in milliseconds. */
const LOOK = 10
/** What guests that look at the environment must not see. */
export const SECRET = 'hunter2'

/**
 * What a process is told to do, as JSON in its first argument.
 * @typedef {object} Trial
 * @property {string} runtime which of the two versions, where one script runs both
 * @property {string} module the guest's file
 * @property {string} plain the file of a harmless guest, for when that one does not even load
 * @property {number} memory in bytes
 * @property {number} time in milliseconds
 * @property {Record<string, string>} [directories] granted, by the names that the guest has for them
 * @property {Record<string, string>} [readonly] granted for reading only
 * @property {string[]} [hosts] granted
 * @property {Call[]} calls the attack; one that `imitates` is given the message of the error before it
 * @property {Call} good what has to work afterwards
 *
 * @typedef {{ method: string, input?: string, imitates?: boolean }} Call
 */

/**
 * What became of it.
 * @typedef {object} Report
 * @property {Settled} [load]
 * @property {Settled[]} calls
 * @property {{ place: 'same' | 'new' | 'other', well: boolean }} [good] where the next good call was answered, if anywhere: by the same
 *   plug-in, by a new one, or by one of another guest where this one did not load
 * @property {{ logged: number, held?: number, peak: number }} [end] messages that arrived; the longest time for which the event loop
 *   stood still; the peak, in case that came and went between two looks
 * @property {'time' | 'memory'} [killed] why it had to be killed
 * @property {number | null} code
 * @property {string | null} signal
 * @property {number} baseline bytes of memory that the process had before it loaded the guest
 * @property {number} peak bytes of memory that it had at most
 * @property {number} elapsed milliseconds
 * @property {string[]} complaints what it wrote to standard error
 *
 * @typedef {{ ms: number, output?: string, length?: number, error?: { name?: string, code?: string, message: string },
 *   unsettled?: boolean, closed?: boolean }} Settled `closed` where the caller had to stop it
 */

/**
 * @param {string[]} command
 * @param {Trial} trial
 * @returns {Promise<Report>}
 */
export async function runTrial([program, ...args], trial) {
  const since = performance.now()
  const child = spawn(program, [...args, JSON.stringify(trial)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PASSWORD: SECRET },
  })
  const report = { calls: [], baseline: 0, peak: 0, complaints: [] }
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const watch = setInterval(() => {
    const peak = peakOf(child.pid)
    report.peak = Math.max(report.peak, peak)
    if (report.killed !== undefined) return
    if (peak > MOST_MEMORY) report.killed = 'memory'
    else if (performance.now() - since > PATIENCE) report.killed = 'time'
    if (report.killed !== undefined) child.kill('SIGKILL')
  }, LOOK)
  const read = async () => {
    for await (const line of createInterface({ input: child.stdout })) note(report, JSON.parse(line), child.pid)
  }
  const complaints = async () => {
    for await (const line of createInterface({ input: child.stderr })) {
      if (report.complaints.length < 50) report.complaints.push(line.slice(0, 300))
    }
  }
  try {
    const [{ code, signal }] = await Promise.all([ended, read(), complaints()])
    const peak = Math.max(report.peak, report.end?.peak ?? 0)
    return { ...report, peak, code, signal, elapsed: performance.now() - since }
  } finally {
    clearInterval(watch)
  }
}

function note(report, { event, ...rest }, pid) {
  if (event === 'begun') report.baseline = peakOf(pid)
  else if (event === 'call') report.calls.push(rest)
  else report[event] = rest
}

/** The most memory that a process has had, in bytes; 0 where the system does not tell, which is everywhere but on Linux. */
export function peakOf(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
