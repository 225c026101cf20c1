// Processes and their threads, as Linux lists them.

import { readdirSync, readFileSync } from 'node:fs'

/** The processes below a server that run extensions. */
export function extensionHosts(server) {
  return processes()
    .filter(({ pid }) => commandOf(pid).includes('--type=extensionHost') && isBelow(pid, server))
    .map(({ pid }) => pid)
}

/** The names of a process's threads. */
export function threadsOf(pid) {
  return list(`/proc/${pid}/task`).map((thread) => read(`/proc/${pid}/task/${thread}/comm`).trim())
}

/** Whether a process, or with a negative number a group of processes, is there. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function processes() {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name) }))
}

function isBelow(pid, ancestor) {
  for (let parent = pid; parent > 1; parent = parentOf(parent)) if (parent === ancestor) return true
  return false
}

function parentOf(pid) {
  return Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
}

function commandOf(pid) {
  return read(`/proc/${pid}/cmdline`).split('\0')
}

function list(directory) {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** A process may be gone by now. */
function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
