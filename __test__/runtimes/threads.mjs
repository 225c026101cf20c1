import assert from 'node:assert/strict'
import { Worker } from 'node:worker_threads'
import { withGuest } from './guest.mjs'

const script = new URL('worker.mjs', import.meta.url)
const next = (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))

export const cases = {
  'works on threads of its own': () =>
    withGuest(
      'counter',
      async (host, id) => {
        await host.callMany(id, 'count', Array.from({ length: 50 }))
        await assert.rejects(host.call(id, 'trap'), { code: 'Trap' })
        await assert.rejects(host.call(id, 'loop', undefined, { timeout: 100 }), { code: 'Timeout' })
        assert.equal(await host.call(id, 'count'), 101)
      },
      { host: { threads: 2 } },
    ),

  'works in several worker threads at once': async () => {
    const workers = [{}, {}, { threads: 2 }, { threads: 2 }].map(
      (options) => new Worker(script, { workerData: { options } }),
    )
    const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
    assert.deepEqual(await Promise.all(workers.map(next)), [120, 120, 120, 120])
    assert.deepEqual(await Promise.all(ends), [0, 0, 0, 0])
  },

  'lets a worker thread be terminated while a guest of its own threads runs': async () => {
    const worker = new Worker(script, { workerData: { options: { threads: 2 }, endless: true } })
    await next(worker)
    const started = performance.now()
    await worker.terminate()
    const took = performance.now() - started
    assert.ok(took < 10_000, `It took ${took} ms.`)
  },
}
