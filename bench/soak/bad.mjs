// What hostile extensions, and callers who change their minds, do.

import { setTimeout as pause } from 'node:timers/promises'
import { attacks, unloadable } from './attacks.mjs'

export const bad = {
  attack,
  failToLoad,
  fault,
  error,
  abort,
  timeout,
  mistakes,
  runOutOfFuel,
  unloadWhileBusy,
  abortLoad,
}

const START = 100

async function attack(lane) {
  const { host, session, random, echo } = lane
  const { name, codes, time } = random.of(attacks)
  const permissions = { maxMemory: '64MiB', maxOutput: '1MiB', maxExecutionTime: time }
  const id = await lane.load(name, { permissions })
  for (let times = 0; times < 2; times += 1) {
    const attacked = host.callRaw(id, 'attack', 'input')
    await session.inTime(name, attacked, ({ error }) => codes.includes(error?.code ?? 'ok'), codes)
    const again = host.callRaw(id, 'echo', 'next').then((answer) => Buffer.from(answer).toString())
    await session.inTime(`the call after ${name}`, again, ({ value }) => value === 'next')
    await session.answers(`the neighbour of ${name}`, host.call(echo, 'echo', 'still here'), 'still here')
  }
  await session.answers('an unload', host.unloadExtension(id), undefined)
}

async function failToLoad(lane) {
  const { host, session, random } = lane
  const { name, code, time } = random.of(unloadable)
  const load = lane.load(name, { permissions: { maxMemory: '64MiB', maxExecutionTime: time } })
  let loaded
  const check = ({ error, value }) => {
    loaded = value
    return error?.code === code
  }
  await session.inTime(name, load, check, [code])
  // Should one load after all, it is wrong once, and not a leak on top of that.
  if (loaded !== undefined) await host.unloadExtension(loaded)
}

async function fault(lane) {
  const { host, counter, session, random } = lane
  const method = random.of(['trap', 'fail_and_trap', 'divide', 'out_of_bounds', 'overflow', 'hoard'])
  const code = method === 'hoard' ? 'MemoryLimit' : 'Trap'
  await session.fails(`the counter's ${method}`, host.call(counter, method), code)
  lane.count = await session.answers(`a count after ${method}`, host.call(counter, 'count'), START + 1)
}

async function error(lane) {
  const { host, counter, session } = lane
  const { message } = await session.fails('an error of its own', host.call(counter, 'fail'), 'ExtensionError')
  session.holds(`The error was ${message}`, message === 'The counter does not like this.')
  lane.count = await session.answers('a count after an error', host.call(counter, 'count'), lane.count + 2)
  await session.fails('an error without a word', host.call(counter, 'code'), 'ExtensionError')
}

/** A call that was ended before it started leaves the counter as it was; one that ran costs it its state. */
async function countAfter(what, lane) {
  const { host, counter, session } = lane
  const next = lane.count + 1
  const count = host.call(counter, 'count').then((value) => {
    lane.count = value
    return value === next || value === START + 1
  })
  await session.answers(`a count after ${what}`, count, true)
}

async function abort(lane) {
  const { host, counter, session, random } = lane
  const controller = new AbortController()
  const reason = new Error('changed its mind')
  const call = session.fails(
    'an abort',
    host.call(counter, 'loop', undefined, { signal: controller.signal }),
    'Cancelled',
  )
  await pause(random.from(0, 20))
  controller.abort(reason)
  const { cause } = await call
  session.holds(`The cause of an abort was ${cause}`, cause === reason)
  await countAfter('an abort', lane)
}

async function timeout(lane) {
  const { host, counter, session, random } = lane
  const call = host.call(counter, 'loop', undefined, { timeout: random.from(1, 30) })
  await session.fails('a timeout', call, 'Timeout')
  await countAfter('a timeout', lane)
}

async function mistakes(lane) {
  const { host, echo, session } = lane
  const circle = {}
  circle.circle = circle
  await session.fails('a wrong id', host.call(1_000_000_000, 'echo', 1), 'NotFound')
  await session.fails('a wrong method', host.call(echo, 'ohce', 1), 'MethodNotFound')
  await session.fails('params in a circle', host.call(echo, 'echo', circle), 'SerializationError')
  await session.fails('an answer that is not there', host.call(echo, 'nothing'), 'SerializationError')
  await session.fails('an answer that is no text', host.call(echo, 'not_utf8'), 'ProtocolError')
  await session.fails('an abort in advance', host.call(echo, 'echo', 1, { signal: AbortSignal.abort() }), 'Cancelled')
  const noise = { type: 'wasm', bytes: Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 2, 3) }
  await session.fails('a broken module', host.loadExtension({ name: 'noise', source: noise }), 'InvalidSource')
  const nowhere = { type: 'wasm', path: 'no/such/file.wasm' }
  await session.fails('a missing file', host.loadExtension({ name: 'nowhere', source: nowhere }), 'IoError')
}

async function runOutOfFuel(lane) {
  const { host, session } = lane
  const id = await lane.load('counter', { lifecycle: 'morphir', permissions: { maxFuel: 1_000_000 } })
  await session.fails('a loop without fuel', host.call(id, 'loop'), 'FuelExhausted')
  await session.answers('a count with new fuel', host.call(id, 'count'), START + 1)
  await session.answers('an unload', host.unloadExtension(id), undefined)
}

async function unloadWhileBusy(lane) {
  const { host, session, random } = lane
  const id = await lane.load('counter', { lifecycle: 'morphir', permissions: { maxExecutionTime: '20s' } })
  const calls = [1, 2, 3].map(() => session.fails('a call that is unloaded', host.call(id, 'loop'), 'Cancelled'))
  await pause(random.from(0, 10))
  await session.answers('an unload of what is busy', host.unloadExtension(id, { cancel: true }), undefined)
  await Promise.all(calls)
}

async function abortLoad(lane) {
  const { host, session, random } = lane
  const controller = new AbortController()
  const load = lane.load('counter', { lifecycle: 'morphir' }, { signal: controller.signal })
  const id = load.then(
    (id) => id,
    ({ code }) => code,
  )
  await pause(random.from(0, 10))
  controller.abort()
  const found = await id
  session.holds(`An aborted load came to ${found}`, typeof found === 'number' || found === 'Cancelled')
  if (typeof found === 'number') await session.answers('an unload', host.unloadExtension(found), undefined)
}
