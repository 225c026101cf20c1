import { describe, expect, it } from 'vitest'
import { ExtensionError } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { load, newHost } from './support/host.ts'
import { WRONG_IDS } from './support/wrong.ts'

describe('capabilities()', () => {
  it.each(WRONG_IDS)('throws a TypeError for %s in place of the id', (_, id) => {
    expect(() => newHost().capabilities(id as number)).toThrow(TypeError)
  })

  it('throws NotFound for an id that was never given out, and for one that was unloaded', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    const error = caught(() => host.capabilities(99))
    expect(error).toBeInstanceOf(ExtensionError)
    expect(error).toMatchObject({ code: 'NotFound' })
    await host.unloadExtension(id)
    expect(caught(() => host.capabilities(id))).toMatchObject({ code: 'NotFound' })
  })

  it('throws Closed after close', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    await host.close()
    expect(caught(() => host.capabilities(id))).toMatchObject({ code: 'Closed' })
  })

  it('answers what the extension said when it was loaded, with schemas where there are any', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    expect(host.capabilities(id)).toEqual([
      { name: 'echo', description: 'Answers its params.', params_schema: {}, return_schema: true },
      { name: 'nothing', description: 'Answers nothing.' },
    ])
  })

  it('answers a list of its own each time', async () => {
    const host = newHost()
    const id = await load(host, 'echo')
    host.capabilities(id).pop()
    expect(host.capabilities(id)).toHaveLength(2)
  })

  it('does not ask the extension again', async () => {
    const host = newHost()
    const id = await load(host, 'echo', { instances: 2 })
    host.capabilities(id)
    host.list()
    expect(host.stats(id).calls).toBe(0)
  })

  it('answers while the extension is at work', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    const controller = new AbortController()
    const call = host.call(id, 'loop', undefined, { signal: controller.signal })
    expect(host.capabilities(id)).toEqual([{ name: 'count', description: 'Counts its calls.' }])
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'Cancelled' })
  })
})
