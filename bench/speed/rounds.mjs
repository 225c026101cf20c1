// Runs a trial: its contenders take turns, round by round, so that whatever else the machine does hits all of them.

import { join } from 'node:path'
import { Failure } from '../../scripts/lib/failure.mjs'
import { Contender } from './contender.mjs'
import { sumUp } from './figures.mjs'

/** What `--quick` divides by: how often, how long, how many. */
const QUICK = { calls: 10, ms: 5, times: 10 }

/**
 * @param {import('./list.mjs').Trial} trial
 * @param {object} setting
 * @param {Record<string, object>} setting.contenders by name
 * @param {Awaited<ReturnType<import('./guests.mjs').makeGuests>>} setting.guests
 * @param {number} setting.rounds
 * @param {boolean} setting.quick
 * @param {(state: string) => void} now tells what it is at
 * @returns {Promise<Record<string, Record<string, import('./figures.mjs').Figure>>>} by contender, then by what was measured
 */
export async function runTrial(trial, setting, now = () => {}) {
  const entries = trial.contenders
    .filter(({ unavailable }) => unavailable === undefined)
    .map(({ name, as = name, asks = trial.asks ?? [], open = {} }) => ({ name, as, asks, open }))
  const rounds = Math.min(setting.rounds, trial.rounds ?? setting.rounds)
  const answers = new Map(entries.map(({ as }) => [as, []]))
  const processes = new Map()
  try {
    for (const entry of entries) {
      const isPrimed = entry.open.cacheDir !== undefined
      if (trial.fresh && !isPrimed) continue
      now(`${entry.as} starts`)
      const process = new Contender(setting.contenders[entry.name])
      processes.set(entry.as, process)
      await process.ask(opening(trial, entry, setting))
      // A fresh process finds in the cache what this one has left there.
      if (trial.fresh) await process.end()
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const entry of entries) {
        now(`round ${round} of ${rounds}: ${entry.as}`)
        answers.get(entry.as).push(await runRound(trial, entry, setting, processes))
      }
    }
  } finally {
    await Promise.all([...processes.values()].map((process) => process.end()))
  }
  if (trial.alike) checkAlike(trial, answers)
  return Object.fromEntries([...answers].map(([as, answers]) => [as, sumUp(answers)]))
}

async function runRound(trial, entry, setting, processes) {
  const process = trial.fresh ? new Contender(setting.contenders[entry.name]) : processes.get(entry.as)
  try {
    const first = trial.fresh && trial.guest !== undefined ? await process.ask(opening(trial, entry, setting)) : {}
    const others = []
    for (const ask of entry.asks) others.push(await process.ask(scaled(placed(ask, setting), setting)))
    return Object.assign(first, ...others)
  } finally {
    if (trial.fresh) await process.end()
  }
}

function opening(trial, entry, setting) {
  const { lifecycle = 'morphir' } = trial
  const { cacheDir, ...options } = entry.open
  const module = setting.guests.modules[trial.guest]
  const cache =
    cacheDir === undefined ? {} : { cacheDir: join(setting.guests.directory, `cache-${trial.name}-${entry.as}`) }
  return scaled({ act: 'open', module, lifecycle, ...options, ...cache }, setting)
}

/** With the payload's file in place of its name. */
function placed(ask, { guests }) {
  return ask.payload === undefined ? ask : { ...ask, payload: guests.payloads[ask.payload] }
}

function scaled(ask, { quick }) {
  if (!quick) return ask
  const less = Object.entries(QUICK).filter(([name]) => ask[name] !== undefined)
  return { ...ask, ...Object.fromEntries(less.map(([name, by]) => [name, Math.max(2, Math.round(ask[name] / by))])) }
}

function checkAlike(trial, answers) {
  const hashes = new Set([...answers.values()].flat().map(({ hash }) => hash))
  hashes.delete(undefined)
  if (hashes.size > 1) throw new Failure(`The contenders of the trial ${trial.name} did not answer the same.`)
}
