import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { packageNameOf } from './pipeline.js'

export const NAME = 'morphir-packages'

/** BullMQ wants its workers to wait for Redis as long as it takes, and commands of its queues not to. */
export function connect({ patient = false } = {}) {
  return new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: patient ? null : 3 })
}

export function openQueue(connection) {
  return new Queue(NAME, {
    connection,
    defaultJobOptions: {
      attempts: 3,
      backoff: { type: 'exponential', delay: Number(process.env.FLEET_BACKOFF ?? 1000) },
    },
  })
}

/**
 * Submits a package: its bytes go to the store, only their hash through Redis. The same package under the same name is one job, however
 * often it is submitted.
 * @returns {Promise<string>} the job's id
 */
export async function submit(queue, store, bytes) {
  const packageName = packageNameOf(JSON.parse(bytes))
  const hash = await store.put(bytes)
  const jobId = `${packageName}-${hash.slice(0, 16)}`
  await queue.add(packageName, { hash }, { jobId })
  return jobId
}
