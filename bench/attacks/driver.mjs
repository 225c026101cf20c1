// What each process of a trial does with its runtime, where that runs in Node.js. crates/host/examples/raw.rs does the same in Rust.

import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { peakOf } from './trial.mjs'

/** How much later than its limit a call may settle before it is taken for lost, in milliseconds. */
const GRACE = 4000
/** The most of an answer that is told. */
const SHOWN = 200
const TICK = 5
const PENDING = Symbol('pending')

/**
 * @param {import('./trial.mjs').Trial} trial
 * @param {object} runtime
 * @param {(trial: import('./trial.mjs').Trial, module: string) => Promise<Loaded>} runtime.load
 * @param {() => number} runtime.logged how many messages have arrived
 * @param {boolean} runtime.limited whether it has a limit on time
 *
 * @typedef {{ call(method: string, input: string): Promise<Uint8Array>, end(): unknown }} Loaded
 */
export async function drive(trial, { load, logged, limited }) {
  const held = watchLoop()
  const patience = trial.time + GRACE
  tell({ event: 'begun' })
  const { value: loaded, ...loading } = await settled(load(trial, trial.module), patience)
  tell({ event: 'load', ...loading })
  let last = ''
  for (const { method, input = '', imitates } of loaded === undefined ? [] : trial.calls) {
    const calling = loaded.call(method, imitates ? last : input)
    let { value, ...call } = await settled(calling, limited ? patience : trial.time)
    if (call.unsettled && !limited) {
      // What has no limit of its own is stopped by the caller, the way that its API has for it.
      void loaded.end()
      ;({ value, ...call } = await settled(calling, GRACE))
      call.closed = true
    }
    if (value !== undefined) Object.assign(call, { length: value.byteLength, output: shown(value) })
    tell({ event: 'call', ...call })
    if (call.unsettled) break
    last = call.error?.message ?? ''
  }
  tell({ event: 'good', ...(await good(trial, load, loaded, patience)) })
  tell({ event: 'end', logged: logged(), held: held(), peak: peakOf('self') })
  process.exit()
}

async function good(trial, load, loaded, patience) {
  const answers = async (place, { method, input = '' }) => {
    const { value } = await settled(
      Promise.resolve(place).then((extension) => extension.call(method, input)),
      patience,
    )
    return value !== undefined
  }
  if (loaded === undefined) return { place: 'other', well: await answers(load(trial, trial.plain), { method: 'echo' }) }
  if (await answers(loaded, trial.good)) return { place: 'same', well: true }
  return { place: 'new', well: await answers(load(trial, trial.module), trial.good) }
}

/** What a promise comes to, for as long as there is patience. */
async function settled(promise, patience) {
  const since = performance.now()
  const timer = new AbortController()
  const ms = () => Math.round(performance.now() - since)
  try {
    const value = await Promise.race([promise, pause(patience, PENDING, { signal: timer.signal })])
    return value === PENDING ? { ms: ms(), unsettled: true } : { ms: ms(), value }
  } catch (error) {
    return { ms: ms(), error: { name: error.name, code: error.code, message: String(error.message) } }
  } finally {
    timer.abort()
  }
}

/** The longest time for which the event loop stood still, in milliseconds. */
function watchLoop() {
  let longest = 0
  let last = performance.now()
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last - TICK)
    last = now
  }
  setInterval(look, TICK).unref()
  return () => {
    look()
    return Math.round(longest)
  }
}

function shown(bytes) {
  return new TextDecoder().decode(bytes.subarray(0, SHOWN))
}

/** At once, because the process may not live until the next line. */
function tell(what) {
  writeSync(1, `${JSON.stringify(what)}\n`)
}
