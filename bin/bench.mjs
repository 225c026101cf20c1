// morphir-extension-host bench: how fast a method answers on this machine.

import { Arguments, flag, help, text } from './arguments.mjs'
import { withExtension } from './extension.mjs'
import { sayFailure, sayFailureAsJson } from './failure.mjs'
import { GRANTS, GRANTS_USAGE, PROTOCOL, PROTOCOL_USAGE, configurationOf, hostOptionsOf } from './grants.mjs'
import { readParams } from './params.mjs'
import { inLine } from './printable.mjs'
import { waiting } from './progress.mjs'
import { bold, dim } from './style.mjs'

const USAGE = `Usage: morphir-extension-host bench <extension.wasm> <method> [params | - | @file] [options]

Calls a method over and over and tells how long it takes, as your program would see it: with the params written as JSON and the
answer read. The first calls warm up and do not count. One call that fails ends it.

  --seconds <number>           how long it measures (3)
  --warm-up <number>           how many seconds it warms up before (0.5)
  --in-flight <count>          how many calls are made at once (1)
  --instances <count>          how many run in parallel, each in a sandbox of its own (1)
  --raw                        params and answer as bytes: no JSON is written or read
  --json                       the figures as JSON, in milliseconds
${PROTOCOL_USAGE}
${GRANTS_USAGE}
  --help                       this text

Examples:
  morphir-extension-host bench rename-package.wasm transform @params.json
  morphir-extension-host bench rename-package.wasm transform @params.json --instances 2 --in-flight 16
  morphir-extension-host bench echo.wasm echo '[1,2,3]' --seconds 10 --json

Exit code: 0 measured, 1 the load or a call failed, 2 wrong usage, 130 Ctrl-C.`

const OPTIONS = {
  ...GRANTS,
  ...PROTOCOL,
  seconds: text,
  'warm-up': text,
  'in-flight': text,
  instances: text,
  raw: flag,
  json: flag,
  help,
}

/** More samples than these make a median no better, and fill the memory. */
const MOST_SAMPLES = 2_000_000

/** @returns {Promise<number>} the exit code */
export async function run(args) {
  const line = new Arguments('bench', args, OPTIONS)
  if (line.values.help) {
    console.log(USAGE)
    return 0
  }
  const { path, method, given } = line.call()
  const { raw = false, json = false } = line.values
  const plan = {
    seconds: seconds(line, 'seconds', 3),
    warmUp: seconds(line, 'warm-up', 0.5),
    inFlight: line.count('in-flight') ?? 1,
  }
  const configuration = { ...(await configurationOf(line, path)), instances: line.count('instances') ?? 1 }
  // On libuv's pool, as programs do by default.
  const hostOptions = { ...hostOptionsOf(line), threads: undefined }
  const input = await readParams(line, given, raw)
  try {
    const figures = await withExtension(hostOptions, configuration, async ({ host, id, signal, milliseconds }) => {
      const params = raw || input === '' ? input : JSON.parse(input)
      const call = raw
        ? () => host.callRaw(id, method, params, { signal })
        : () => host.call(id, method, params === '' ? undefined : params, { signal })
      await waiting('Warming up …', measure(call, plan.warmUp, plan.inFlight))
      const samples = await waiting('Measuring …', measure(call, plan.seconds, plan.inFlight))
      const { runTime, peakMemory, fuel } = host.stats(id)
      return { ...figuresOf(samples), loadMilliseconds: milliseconds, inside: runTime.p50, peakMemory, fuel }
    })
    console.log(
      json
        ? JSON.stringify({ method, ...plan, instances: configuration.instances, ...figures }, null, 2)
        : page(figures, method, plan, configuration),
    )
    return 0
  } catch (error) {
    if (json) sayFailureAsJson(error, line)
    else sayFailure(error, line)
    return 1
  }
}

function seconds(line, option, otherwise) {
  const value = line.values[option]
  if (value === undefined) return otherwise
  const number = Number(value)
  if (value.trim() === '' || !(number >= 0 && number <= 3600) || (option === 'seconds' && number === 0)) {
    throw line.wrong(`--${option} must be a number of seconds, at most 3600; it is ${JSON.stringify(value)}.`)
  }
  return number
}

/** Makes calls until the time is over, so many at once, at least one each. Answers what each took, and all of it. */
async function measure(call, seconds, inFlight) {
  const taken = []
  const started = performance.now()
  const end = started + seconds * 1000
  const caller = async () => {
    do {
      const since = performance.now()
      await call()
      taken.push(performance.now() - since)
    } while (performance.now() < end && taken.length < MOST_SAMPLES)
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  return { taken, elapsed: performance.now() - started }
}

function figuresOf({ taken, elapsed }) {
  const sorted = Float64Array.from(taken).toSorted()
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return {
    calls: sorted.length,
    callsPerSecond: (sorted.length / elapsed) * 1000,
    median: at(0.5),
    p99: at(0.99),
    min: sorted[0],
    max: sorted[sorted.length - 1],
  }
}

function page(figures, method, { inFlight, seconds }, { name, instances }) {
  const rows = [
    ['median', time(figures.median)],
    ['p99', time(figures.p99)],
    ['fastest', time(figures.min)],
    ['slowest', time(figures.max)],
    ['calls', `${Math.round(figures.callsPerSecond).toLocaleString('en')} a second`],
    ['inside', `${time(figures.inside)} in the sandbox, half of the calls, warm-up included`],
    ['load', time(figures.loadMilliseconds)],
    ['memory', `${(figures.peakMemory / 1024 ** 2).toFixed(2)} MiB at most`],
  ]
  if (figures.fuel !== undefined) rows.push(['instructions', figures.fuel.toLocaleString('en')])
  const calls = figures.calls.toLocaleString('en')
  const lines = rows.map(([title, text]) => `  ${dim(title.padEnd(13))} ${text}`)
  const how = `${calls} calls in ${seconds} s, ${inFlight} at once, ${instances === 1 ? '1 instance' : `${instances} instances`}`
  return [`${bold(inLine(`${name} ${method}`))}  ${dim(how)}`, ...lines].join('\n')
}

/** A time as short as its size allows. */
function time(milliseconds) {
  if (milliseconds < 1) return `${(milliseconds * 1000).toFixed(1)} µs`
  return milliseconds < 1000 ? `${milliseconds.toFixed(2)} ms` : `${(milliseconds / 1000).toFixed(2)} s`
}
