import { parentPort, workerData } from 'node:worker_threads'
import { withGuest } from './guest.mjs'

const { options, endless } = workerData
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
const answer = (value) => parentPort.postMessage(value)

await withGuest(
  'counter',
  async (host, id) => {
    if (endless) {
      const call = host.call(id, 'loop')
      setTimeout(() => answer('It runs.'), 50)
      await call
    }
    const counts = await Promise.all(Array.from({ length: 20 }, () => host.call(id, 'count')))
    await host.call(id, 'trap').catch(() => {})
    answer(counts.at(-1))
  },
  { host: options, permissions: { maxExecutionTime: '60s' } },
)
