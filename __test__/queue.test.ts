import { pbkdf2 } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { ExtensionHost } from '@finos/morphir-extension-host'
import { runWell } from './support/child.ts'
import { load, newHost } from './support/host.ts'
import { rejection, timed, until } from './support/promise.ts'

/** When a spin began and ended. */
type Span = [number, number]

/** How many spins ran at the same time, at most. */
function overlap(spans: Span[]): number {
  const moments = spans.flatMap(
    ([start, end]) =>
      [
        [start, 1],
        [end, -1],
      ] as const,
  )
  moments.sort(([one, begins], [other, alsoBegins]) => one - other || begins - alsoBegins)
  let now = 0
  let most = 0
  for (const [, change] of moments) most = Math.max(most, (now += change))
  return most
}

const spin = (host: ExtensionHost, id: number, milliseconds: number) => host.call<Span>(id, 'spin', milliseconds)

describe('one instance', () => {
  it('runs calls one after the other, in the order in which they were made', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const spans = await Promise.all([30, 1, 20, 1, 10, 1].map((time) => spin(host, id, time)))
    expect(overlap(spans)).toBe(1)
    expect(spans.map(([start]) => start)).toEqual(spans.map(([start]) => start).toSorted())
  })

  it('settles them in that order too', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const settled: number[] = []
    await Promise.all([20, 1, 10, 1].map((time, index) => spin(host, id, time).then(() => settled.push(index))))
    expect(settled).toEqual([0, 1, 2, 3])
  })

  it('does not keep a quick answer waiting for a slow call behind it', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    const quick = timed(spin(host, id, 1))
    const slow = spin(host, id, 2000)
    const { elapsed } = await quick
    expect(elapsed).toBeLessThan(1500)
    await slow
  })
})

describe('several instances', () => {
  it('run as many calls at once', async () => {
    const host = newHost()
    const id = await load(host, 'clock', { instances: 2 })
    const spans = await Promise.all(Array.from({ length: 6 }, () => spin(host, id, 200)))
    expect(overlap(spans)).toBe(2)
  })

  it('take calls in the order in which they were made', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { instances: 2 })
    const controller = new AbortController()
    const { signal } = controller
    const calls = Array.from({ length: 6 }, () => rejection(host.call(id, 'loop', undefined, { signal })))
    await until(() => host.stats(id).running === 2)
    expect(host.stats(id)).toMatchObject({ running: 2, waiting: 4 })
    controller.abort()
    await Promise.all(calls)
  })
})

describe('maxConcurrentCalls', () => {
  it("is one less than libuv's pool has threads by default, for all hosts together", async () => {
    const hosts = [newHost(), newHost(), newHost()]
    const ids = await Promise.all(hosts.map((host) => load(host, 'clock', { instances: 4 })))
    const running = () => hosts.reduce((sum, host, index) => sum + host.stats(ids[index]!).running, 0)
    const calls = hosts.flatMap((host, index) => Array.from({ length: 6 }, () => spin(host, ids[index]!, 100)))
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, running())), 1)
    const spans = await Promise.all(calls)
    clearInterval(watch)
    expect(overlap(spans)).toBe(3)
    expect(most).toBe(3)
  })

  it('counts loads too', async () => {
    const host = newHost({ maxConcurrentCalls: 1 })
    const busy = await load(host, 'clock')
    const call = spin(host, busy, 300)
    let loaded = false
    const loading = load(host, 'echo').then(() => (loaded = true))
    await sleep(100)
    expect(loaded).toBe(false)
    await call
    await loading
  })

  it('is shared with a call of many inputs, which stands in line again after a while', async () => {
    const host = newHost({ maxConcurrentCalls: 1 })
    const [long, short] = [await load(host, 'clock'), await load(host, 'clock')]
    let done = false
    const many = host.callMany(long, 'spin', Array(60).fill(20)).then(() => (done = true))
    await until(() => host.stats(long).running === 1)
    for (let round = 0; round < 3; round += 1) await spin(host, short, 1)
    expect(done).toBe(false)
    await many
  })

  it('is shared with a host that never has nothing to do', async () => {
    const [busy, other] = [newHost(), newHost()]
    const [endless, id] = [await load(busy, 'clock', { instances: 8 }), await load(other, 'clock')]
    const end = new AbortController()
    const keepBusy = async () => {
      while (!end.signal.aborted) await spin(busy, endless, 0)
    }
    const callers = Array.from({ length: 64 }, keepBusy)
    await until(() => busy.stats(endless).running > 1)
    for (let round = 0; round < 10; round += 1) await spin(other, id, 1)
    end.abort()
    await Promise.all(callers)
  })

  it.each([1, 2, 6])('%d lets so many calls run at once, and no more', async (maxConcurrentCalls) => {
    // Of libuv's four threads, in a process of its own.
    const [most, end] = (await runWell(
      `const host = newHost({ maxConcurrentCalls: ${maxConcurrentCalls} })
       const ids = [await load(host, 'clock', { instances: 5 }), await load(host, 'clock', { instances: 5 })]
       const calls = Array.from({ length: 20 }, (_, index) => host.call(ids[index % 2], 'spin', 50))
       let most = 0
       const watch = setInterval(() => {
         most = Math.max(most, host.stats(ids[0]).running + host.stats(ids[1]).running)
       }, 1)
       await Promise.all(calls)
       clearInterval(watch)
       print(most)
       print('end')`,
      { guests: ['clock'] },
    )) as [number, string]
    expect(most).toBe(maxConcurrentCalls)
    expect(end).toBe('end')
  })

  it.each([
    ['1', 1],
    ['2', 1],
    ['6', 5],
  ])('follows UV_THREADPOOL_SIZE=%s', async (size, expected) => {
    const [most] = await runWell(
      `const host = newHost()
       const id = await load(host, 'clock', { instances: 8 })
       const calls = Array.from({ length: 16 }, () => host.call(id, 'spin', 50))
       let most = 0
       const watch = setInterval(() => (most = Math.max(most, host.stats(id).running)), 1)
       await Promise.all(calls)
       clearInterval(watch)
       print(most)`,
      { guests: ['clock'], env: { UV_THREADPOOL_SIZE: size } },
    )
    expect(most).toBe(expected)
  })
})

describe('fairness', () => {
  it('lets an extension with one call go before the hundredth of another', async () => {
    const host = newHost({ maxConcurrentCalls: 1 })
    const [busy, modest] = [await load(host, 'clock'), await load(host, 'clock')]
    let done = 0
    const many = Array.from({ length: 100 }, () => spin(host, busy, 5).then(() => (done += 1)))
    await spin(host, modest, 1)
    expect(done).toBeLessThan(30)
    await Promise.all(many)
  })

  it('lets many extensions take turns', async () => {
    const host = newHost({ maxConcurrentCalls: 1 })
    const ids = await Promise.all(Array.from({ length: 5 }, () => load(host, 'clock')))
    const order: number[] = []
    const calls = ids.flatMap((id) => Array.from({ length: 10 }, () => spin(host, id, 2).then(() => order.push(id))))
    await Promise.all(calls)
    // In strict turns each would be done five times after 25; without turns two of them would be done altogether.
    const first = order.slice(0, 25)
    for (const id of ids) expect(first.filter((done) => done === id).length).toBeGreaterThan(1)
  })

  it('lets hosts take turns', async () => {
    const hosts = [newHost(), newHost()] as const
    const ids = [await load(hosts[0], 'clock', { instances: 3 }), await load(hosts[1], 'clock')] as const
    let done = 0
    const many = Array.from({ length: 60 }, () => spin(hosts[0], ids[0], 10).then(() => (done += 1)))
    await spin(hosts[1], ids[1], 1)
    expect(done).toBeLessThan(40)
    await Promise.all(many)
  })

  it('lets hosts take turns for as long as both have work', async () => {
    const hosts = [newHost(), newHost()] as const
    const ids = [
      await load(hosts[0], 'clock', { instances: 6 }),
      await load(hosts[1], 'clock', { instances: 6 }),
    ] as const
    const order: number[] = []
    const calls = [0, 1].flatMap((host) =>
      Array.from({ length: 40 }, () => spin(hosts[host as 0], ids[host as 0], 5).then(() => order.push(host))),
    )
    await Promise.all(calls)
    // In strict turns each would be done twenty times after 40; without turns one of them would be done altogether.
    const first = order.slice(0, 40)
    for (const host of [0, 1]) expect(first.filter((done) => done === host).length).toBeGreaterThan(8)
  })
})

describe('while a hundred endless calls are pending', () => {
  /** How the process fares: the event loop's delay, and the time of things that need libuv's pool. */
  async function fare() {
    const histogram = monitorEventLoopDelay({ resolution: 1 })
    histogram.enable()
    let ticks = 0
    const interval = setInterval(() => (ticks += 1), 1)
    const reads: number[] = []
    const since = performance.now()
    for (let round = 0; round < 50; round += 1) {
      reads.push((await timed(readFile(new URL(import.meta.url)))).elapsed)
      await sleep(10)
    }
    const elapsed = performance.now() - since
    clearInterval(interval)
    histogram.disable()
    const hash = await timed(promisify(pbkdf2)('password', 'salt', 1000, 32, 'sha256'))
    const name = await timed(lookup('localhost'))
    return {
      ticksPerSecond: (ticks * 1000) / elapsed,
      delay: { median: histogram.percentile(50) / 1e6, p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 },
      readFile: Math.max(...reads),
      pbkdf2: hash.elapsed,
      lookup: name.elapsed,
    }
  }

  it('timers, files, names and hashes go on as usual', { timeout: 60_000 }, async () => {
    const without = await fare()
    const host = newHost()
    const id = await load(host, 'counter', { instances: 4 })
    const controller = new AbortController()
    const { signal } = controller
    const calls = Array.from({ length: 100 }, () => rejection(host.call(id, 'loop', undefined, { signal })))
    await until(() => host.stats(id).running === 3)
    const during = await fare()
    expect(host.stats(id)).toMatchObject({ running: 3, waiting: 97 })
    controller.abort()
    for (const error of await Promise.all(calls)) expect(error.code).toBe('Cancelled')

    const figures = (name: string, { ticksPerSecond, delay, readFile, pbkdf2, lookup }: typeof during) =>
      [
        `${name}: ${ticksPerSecond.toFixed(0)} ticks/s of a 1 ms interval`,
        `loop delay ${delay.median.toFixed(1)} ms median, ${delay.p99.toFixed(1)} p99, ${delay.max.toFixed(1)} max`,
        `slowest of 50 readFile ${readFile.toFixed(1)} ms, pbkdf2 ${pbkdf2.toFixed(1)}, lookup ${lookup.toFixed(1)}`,
      ].join('; ')
    console.info(`${figures('without calls', without)}\n${figures('100 endless calls', during)}`)

    // One call in the place of a file read would hold it for 30 seconds. The bounds leave room for a machine with other work.
    expect(during.readFile).toBeLessThan(500)
    expect(during.pbkdf2).toBeLessThan(1000)
    expect(during.lookup).toBeLessThan(1000)
    expect(during.delay.median).toBeLessThan(50)
    expect(during.ticksPerSecond).toBeGreaterThan(50)
  })

  it.skipIf(process.platform !== 'linux')(
    'none of those that wait holds a thread (threads can be counted on Linux only)',
    async () => {
      const threads = () => readdirSync('/proc/self/task').length
      const host = newHost()
      const id = await load(host, 'counter', { instances: 4 })
      await rejection(host.call(id, 'loop', undefined, { timeout: 50 }))
      const before = threads()
      const calls = Array.from({ length: 1000 }, () => rejection(host.call(id, 'loop', undefined, { timeout: 2000 })))
      await until(() => host.stats(id).running === 3)
      // The pool starts with its first work, and grows no more after that.
      expect(threads() - before).toBeLessThanOrEqual(4)
      for (const error of await Promise.all(calls)) expect(error.code).toBe('Timeout')
    },
  )
})
