import { describe, expect, it } from 'vitest'
import { runWell } from './support/child.ts'

describe('hosts in several worker threads', () => {
  it.each([
    ["libuv's pool", '{}'],
    ['threads of their own', '{ threads: 2 }'],
  ])('work at the same time, each with extensions of its own, on %s', async (_, options) => {
    const printed = await runWell(
      `const code = \`(async () => {
         const host = newHost(${options})
         const id = await load(host, 'counter', { instances: 1 })
         const counts = await Promise.all(Array.from({ length: 50 }, () => host.call(id, 'count')))
         await host.call(id, 'trap').catch(() => {})
         parentPort.postMessage([counts.at(-1), await host.call(id, 'count'), host.list().length])
         await host.close()
       })()\`
       const threads = Array.from({ length: 4 }, () => worker(code))
       const answers = threads.map((thread) => new Promise((resolve) => thread.once('message', resolve)))
       const ends = threads.map(ended)
       const host = newHost(${options})
       const id = await load(host, 'counter')
       print(await host.call(id, 'count'))
       print(await Promise.all(answers))
       print(await Promise.all(ends))
       print(await host.call(id, 'count'))`,
      { patience: 60_000 },
    )
    expect(printed).toEqual([101, Array.from({ length: 4 }, () => [150, 101, 1]), [0, 0, 0, 0], 102])
  })

  it('share the pool: no more calls run at once than in one', async () => {
    const [most] = await runWell(
      `const code = \`(async () => {
         const host = newHost()
         const id = await load(host, 'clock', { instances: 4 })
         parentPort.postMessage('ready')
         await new Promise((resolve) => parentPort.once('message', resolve))
         parentPort.postMessage(await Promise.all(Array.from({ length: 8 }, () => host.call(id, 'spin', 50))))
       })()\`
       const threads = Array.from({ length: 3 }, () => worker(code))
       const next = (thread) => new Promise((resolve) => thread.once('message', resolve))
       await Promise.all(threads.map(next))
       const answers = threads.map(next)
       for (const thread of threads) thread.postMessage('go')
       const spans = (await Promise.all(answers)).flat()
       const moments = spans.flatMap(([start, end]) => [[start, 1], [end, -1]]).sort((a, b) => a[0] - b[0] || a[1] - b[1])
       let now = 0
       print(Math.max(...moments.map(([, change]) => (now += change))))`,
      { guests: ['clock'], patience: 60_000 },
    )
    expect(most).toBe(3)
  })

  it('do not keep each other waiting: a slot that one gives up another takes, whatever it has running itself', async () => {
    const [waited] = (await runWell(
      `const code = \`(async () => {
         const host = newHost()
         const id = await load(host, 'clock', { instances: 2 })
         const calls = [host.call(id, 'spin', 700), host.call(id, 'spin', 700)]
         await until(() => host.stats(id).running === 2)
         parentPort.postMessage('busy')
         await Promise.all(calls)
       })()\`
       const host = newHost()
       const [endless, quick] = [await load(host, 'counter', { permissions: { maxExecutionTime: '10s' } }), await load(host, 'counter')]
       const thread = worker(code)
       await new Promise((resolve) => thread.once('message', resolve))
       const controller = new AbortController()
       const call = host.call(endless, 'loop', null, { signal: controller.signal }).catch(() => {})
       await until(() => host.stats(endless).running === 1)
       // All three slots are taken: one here, two in the worker, which will be done in half a second.
       const since = performance.now()
       await host.call(quick, 'count')
       print(performance.now() - since)
       controller.abort()
       await call
       await ended(thread)`,
      { guests: ['clock', 'counter'] },
    )) as [number]
    expect(waited).toBeLessThan(8000)
  })

  it('may be many, one after the other', { timeout: 60_000 }, async () => {
    const [sum] = await runWell(
      `const code = \`(async () => {
         const host = newHost()
         parentPort.postMessage(await host.call(await load(host, 'counter'), 'count'))
       })()\`
       let sum = 0
       for (let round = 0; round < 10; round += 1) {
         await Promise.all([0, 1, 2].map(async () => {
           const thread = worker(code)
           thread.once('message', (count) => (sum += count))
           await ended(thread)
         }))
       }
       print(sum)`,
      { patience: 50_000 },
    )
    expect(sum).toBe(30 * 101)
  })
})
