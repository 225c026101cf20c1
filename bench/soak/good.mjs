// What well-behaved callers and extensions do.

import { setTimeout as pause } from 'node:timers/promises'

export const good = {
  echoes,
  bytes,
  aLargeAnswer,
  many,
  manyWithMistakes,
  now,
  counts,
  moreInstances,
  comeAndGo,
  anotherHost,
}

async function echoes({ host, echo, session, random }) {
  const calls = Array.from({ length: random.from(1, 32) }, (_, place) => {
    const params = { place, text: 'é'.repeat(random.from(0, 200)), list: [null, true, random.fraction()] }
    return session.answers('an echo', host.call(echo, 'echo', params), params)
  })
  await Promise.all(calls)
}

async function bytes({ host, echo, session, random }) {
  const input = Uint8Array.from({ length: random.from(0, 65_536) }, () => random.from(0, 255))
  // Only the bytes count, not that Node's are a Buffer.
  await session.answers(
    'an echo of bytes',
    host.callRaw(echo, 'echo', input).then((answer) => new Uint8Array(answer)),
    input,
  )
}

async function aLargeAnswer({ host, echo, session, random }) {
  const params = 'x'.repeat(random.from(100_000, 2_000_000))
  await session.answers('a large echo', host.call(echo, 'echo', params), params)
}

async function many({ host, echo, session }) {
  const list = Array.from({ length: 64 }, (_, place) => ({ place }))
  await session.answers('many echoes', host.callMany(echo, 'echo', list), list)
}

async function manyWithMistakes({ host, echo, session }) {
  const outcomes = host.callMany(echo, 'echo', [1, 2n, 3], { settled: true })
  const seen = outcomes.then((list) => list.map(({ value, reason }) => value ?? reason.code))
  await session.answers('many echoes with a mistake', seen, [1, 'SerializationError', 3])
}

async function now({ host, echo, session, random }) {
  const params = random.from(0, 1000)
  const answer = async () => host.callSync(echo, 'echo', params)
  await session.answers('an echo at once', answer(), params)
}

async function counts(lane) {
  const { host, counter, session, random } = lane
  for (let times = random.from(1, 8); times > 0; times -= 1) {
    lane.count = await session.answers('a count', host.call(counter, 'count'), lane.count + 1)
  }
  await session.answers('how often it was initialized', host.call(counter, 'initialized'), 1)
}

async function moreInstances(lane) {
  const { host, session } = lane
  const id = await lane.load('echo', { lifecycle: 'morphir', instances: 3 })
  const list = Array.from({ length: 30 }, (_, place) => place)
  await session.answers('many echoes of three instances', host.callMany(id, 'echo', list), list)
  await session.answers('an unload', host.unloadExtension(id), undefined)
}

async function comeAndGo(lane) {
  const { host, session } = lane
  const id = await lane.load('plain')
  await session.answers('an echo of a plain plug-in', host.call(id, 'echo', 'x'), 'x')
  await session.answers('an unload', host.unloadExtension(id), undefined)
  await session.fails('a call of what is gone', host.call(id, 'echo', 'x'), 'NotFound')
}

/** A whole host that comes and goes, on the pool or with threads of its own, with or without the cache. */
async function anotherHost(lane) {
  const { session, random } = lane
  const host = lane.newHost({
    ...(random.from(0, 1) === 0 ? { threads: random.from(1, 2) } : {}),
    ...(random.from(0, 3) === 0 ? { cacheDir: false } : {}),
  })
  const id = await lane.loadInto(host, 'echo', { lifecycle: 'morphir', instances: 2 })
  const calls = Array.from({ length: 8 }, (_, place) => session.answers('an echo', host.call(id, 'echo', place), place))
  await Promise.all(calls)
  await session.answers('a close', host.close(), undefined)
  await session.fails('a call of a closed host', host.call(id, 'echo', 1), 'Closed')
  await pause(random.from(0, 5))
}
