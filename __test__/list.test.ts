import { describe, expect, it } from 'vitest'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

describe('list()', () => {
  it('is empty at first, and after close', async () => {
    const host = newHost()
    expect(host.list()).toEqual([])
    await load(host, 'echo')
    await host.close()
    expect(host.list()).toEqual([])
  })

  it('answers everything that is loaded, in the order in which it was loaded', async () => {
    const host = newHost()
    const first = await load(host, 'counter', { name: 'first' })
    const second = await load(host, 'plain', { name: 'second', lifecycle: 'none' })
    const third = await load(host, 'counter', { name: 'first' })
    expect(host.list()).toEqual([
      entry(first, 'first', [{ name: 'count', description: 'Counts its calls.' }]),
      { ...entry(second, 'second', []), dialect: 'raw' },
      entry(third, 'first', [{ name: 'count', description: 'Counts its calls.' }]),
    ])
    await host.unloadExtension(second)
    expect(host.list().map(({ id }) => id)).toEqual([first, third])
  })

  it('counts calls and errors', async () => {
    const host = newHost()
    const id = await load(host, 'counter')
    await host.call(id, 'count')
    await rejection(host.call(id, 'fail'))
    await rejection(host.call(id, 'trap'))
    expect(host.list()).toMatchObject([{ id, callCount: 3, errorCount: 2 }])
  })

  it('does not show what is being loaded, nor what is being unloaded', async () => {
    const host = newHost()
    const loading = load(host, 'clock')
    expect(host.list()).toEqual([])
    const id = await loading
    const call = host.call(id, 'spin', 100)
    const unloading = host.unloadExtension(id)
    expect(host.list()).toEqual([])
    await Promise.all([call, unloading])
  })

  it('shows an extension as soon as its load settles', async () => {
    const host = newHost()
    const seen = await load(host, 'echo').then((id) => host.list().some((listed) => listed.id === id))
    expect(seen).toBe(true)
  })
})

function entry(id: number, name: string, capabilities: unknown[]) {
  return {
    id,
    name,
    protocol: 'extism',
    dialect: 'morphir',
    capabilities,
    callCount: 0,
    errorCount: 0,
    uptime: expect.any(Number),
  }
}
