import * as assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { api, threads, until } from './editor'

describe('closing', () => {
  it('ends what runs, and the threads for guests', async () => {
    const { extensions } = api()
    const host = await extensions.host()
    const looping = host.call(await extensions.idOf('endless'), 'loop')
    const ended = assert.rejects(looping, { code: 'Cancelled' })
    await extensions.close()
    await ended
    // What the engine shares among all hosts of a process stays: one thread for deadlines, one for interrupts, and those that compile.
    await until(() => threads().length <= 2 + availableParallelism())
  })

  it('is for good', async () => {
    await assert.rejects(api().extensions.host(), /closed/)
  })
})
