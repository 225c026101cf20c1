import { describe, expect, it } from 'vitest'
import { runWell } from './support/child.ts'

const linux = process.platform === 'linux'
const MIB = 1024 * 1024

interface Usage {
  rss: number
  heap: number
  threads: number
  files: number
}

const MEASURE = `
  const usage = async () => {
    for (let round = 0; round < 3; round += 1) { gc(); await sleep(20) }
    return {
      rss: process.memoryUsage.rss(),
      heap: process.memoryUsage().heapUsed,
      threads: fs.readdirSync('/proc/self/task').length,
      files: fs.readdirSync('/proc/self/fd').length,
    }
  }
`

/** Runs a round many times, and compares what the process uses after some of them and at the end. */
async function growth(setUp: string, round: string, rounds: number, warmUp = rounds / 10): Promise<Usage> {
  const [early, late] = (await runWell(
    `${MEASURE} ${setUp}
     const round = async () => { ${round} }
     for (let count = 0; count < ${warmUp}; count += 1) await round()
     print(await usage())
     for (let count = 0; count < ${rounds}; count += 1) await round()
     print(await usage())
     process.exit(0)`,
    { guests: ['counter', 'echo', 'lifecycle', 'logger'], nodeArgs: ['--expose-gc'], patience: 100_000 },
  )) as [Usage, Usage]
  const figures = {
    rss: late.rss - early.rss,
    heap: late.heap - early.heap,
    threads: late.threads - early.threads,
    files: late.files - early.files,
  }
  console.info(
    `${(figures.rss / MIB).toFixed(1)} MiB (${(figures.heap / MIB).toFixed(1)} of JavaScript), ${figures.threads} threads, ${figures.files} files more after ${rounds} rounds`,
  )
  return figures
}

function expectNoGrowth({ rss, heap, threads, files }: Usage, most = 40 * MIB) {
  // One instance that stayed in each round would be more than 40 MiB in 200 rounds, and 200 threads or files.
  expect(rss).toBeLessThan(most)
  expect(heap).toBeLessThan(3 * MIB)
  expect(threads).toBeLessThanOrEqual(4)
  expect(files).toBeLessThanOrEqual(4)
}

describe.skipIf(!linux)('memory, threads and files (which can be counted on Linux only)', () => {
  it('do not grow with 200 loads and unloads from the cache', { timeout: 120_000 }, async () => {
    expectNoGrowth(
      await growth(
        'const host = newHost()',
        `const id = await load(host, 'counter')
         await host.call(id, 'count')
         await host.unloadExtension(id)`,
        200,
      ),
    )
  })

  it('do not grow with 200 loads and unloads without a cache', { timeout: 120_000 }, async () => {
    expectNoGrowth(
      await growth(
        'const host = newHost({ cacheDir: false })',
        `const id = await load(host, 'counter')
         await host.call(id, 'count')
         await host.unloadExtension(id)`,
        200,
      ),
    )
  })

  it('do not grow with 200 faults', { timeout: 120_000 }, async () => {
    expectNoGrowth(
      await growth(
        `const host = newHost({ onLog: () => {} })
         const id = await load(host, 'counter', { permissions: { maxMemory: '4MiB' } })`,
        `await host.call(id, 'trap').catch(() => {})
         await host.call(id, 'hoard').catch(() => {})
         await host.call(id, 'loop', null, { timeout: 5 }).catch(() => {})`,
        200,
      ),
    )
  })

  it('do not grow with 200 loads that fail', { timeout: 120_000 }, async () => {
    expectNoGrowth(
      await growth(
        'const host = newHost()',
        `const fail = (letter, options) =>
           host.loadExtension(
             { name: 'x', source: { type: 'wasm', path: process.env.GUEST_lifecycle }, config: { do: letter } }, options).catch(() => {})
         await fail('t')
         await fail('E')
         await fail('l', { signal: AbortSignal.timeout(5) })`,
        200,
      ),
    )
  })

  it('do not grow with 20,000 calls, of which each logs and has a signal', { timeout: 120_000 }, async () => {
    expectNoGrowth(
      await growth(
        `let logged = 0
         const host = newHost({ onLog: () => (logged += 1) })
         const id = await load(host, 'logger')
         const { signal } = new AbortController()`,
        `const input = 'x'.repeat(1000)
         const options = { signal, timeout: 10_000 }
         await Promise.all(Array.from({ length: 100 }, () => host.callRaw(id, 'every_level', input, options)))`,
        200,
      ),
      // Young objects of so many calls at once: the heap takes a while to find its size.
      100 * MIB,
    )
  })

  it('do not grow with the calls of one instance, not by 50 bytes for each', { timeout: 120_000 }, async () => {
    for (const method of ['count', 'fail']) {
      expectNoGrowth(
        await growth(
          `const host = newHost()
           const id = await load(host, 'counter')
           const params = Array.from({ length: 1000 }, () => null)`,
          `await host.callMany(id, '${method}', params, { settled: true })`,
          400,
          60,
        ),
        // 400,000 calls: what grows in steps, as lists do, should not decide.
        20 * MIB,
      )
    }
  })

  it('do not grow with 100 hosts that are closed', { timeout: 120_000 }, async () => {
    for (const options of ['{}', '{ threads: 2 }']) {
      expectNoGrowth(
        await growth(
          '',
          `const host = newHost(${options})
           await host.call(await load(host, 'counter'), 'count')
           await host.close()`,
          100,
        ),
      )
    }
  })

  it('do not grow with 100 hosts that are forgotten', { timeout: 120_000 }, async () => {
    expectNoGrowth(
      await growth(
        '',
        `const host = newHost()
         await host.call(await load(host, 'counter'), 'count')
         if (Math.random() < 0.2) gc()`,
        100,
      ),
    )
  })

  it('grow by little with each idle extension, and shrink again', { timeout: 120_000 }, async () => {
    const [before, during, after] = (await runWell(
      `${MEASURE}
       const host = newHost()
       await load(host, 'counter')
       const before = await usage()
       const ids = await Promise.all(Array.from({ length: 50 }, () => load(host, 'counter')))
       const during = await usage()
       await Promise.all(ids.map((id) => host.unloadExtension(id)))
       print(before)
       print(during)
       print(await usage())
       process.exit(0)`,
      { nodeArgs: ['--expose-gc'] },
    )) as [Usage, Usage, Usage]
    const each = (during.rss - before.rss) / 50 / MIB
    console.info(`an idle extension: ${each.toFixed(2)} MiB, ${(during.threads - before.threads) / 50} threads`)
    expect(each).toBeLessThan(2)
    expect(after.threads).toBeLessThanOrEqual(before.threads + 4)
    expect(after.files).toBeLessThanOrEqual(before.files + 4)
  })
})
