import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { packageNameOf } from './pipeline.js'

export const NAME = 'morphir-packages'

const url = () => process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

/** For workers, which wait for Redis as long as it takes. */
export function connectPatiently() {
  return new Redis(url(), { maxRetriesPerRequest: null })
}

/** For commands, which say at once that it is not there. */
export async function connect() {
  const redis = new Redis(url(), { lazyConnect: true, maxRetriesPerRequest: 3 })
  let reason
  redis.on('error', (error) => {
    reason = error
  })
  try {
    await redis.connect()
    return redis
  } catch (error) {
    redis.disconnect()
    const { message, code } = reason ?? error
    throw new Error(`Redis cannot be reached: ${message || code}. REDIS_URL says where it is, now ${url()}.`, {
      cause: error,
    })
  }
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
