import type { LogRecord } from '@finos/morphir-extension-host'
import { expect, test } from 'vitest'
import { load, newHost } from './host'

const ir = { formatVersion: 3, distribution: ['Library', [['regulation']], [], { modules: [] }] }

interface Renamed {
  transformed: boolean
  output: typeof ir
}

test('renames the package of a model', async () => {
  const host = newHost()
  const id = await load(host)
  const { transformed, output } = await host.call<Renamed>(id, 'transform', { ir, options: { to: 'AcmeRegs' } })
  expect(transformed).toBe(true)
  expect(output).toEqual({ ...ir, distribution: ['Library', [['acme', 'regs']], [], { modules: [] }] })
})

test('takes the name from its config', async () => {
  const host = newHost()
  const id = await load(host, { config: { to: 'AcmeRegs' } })
  expect(await host.call(id, 'transform', { ir })).toMatchObject({ transformed: true })
})

test('refuses a config that is none', async () => {
  const host = newHost()
  // By code and message, which hold in every test runner: in some a class of the addon is not the class that tests see.
  await expect(load(host, { config: { to: 'no name' } })).rejects.toMatchObject({
    code: 'InitializationFailed',
    cause: { message: expect.stringContaining('config: ') },
  })
})

test('says what is wrong with its params, and works on', async () => {
  const host = newHost()
  const id = await load(host)
  const old = { ir: { ...ir, formatVersion: 2 }, options: { to: 'AcmeRegs' } }
  await expect(host.call(id, 'transform', old)).rejects.toMatchObject({
    code: 'ExtensionError',
    method: 'transform',
    message: expect.stringContaining('ir has format version 2; 3 and 4 are known'),
  })
  expect(await host.call(id, 'transform', { ir, options: { to: 'AcmeRegs' } })).toMatchObject({ transformed: true })
})

test('logs what it did', async () => {
  const records: LogRecord[] = []
  const host = newHost({ onLog: (record) => records.push(record) })
  const id = await load(host)
  await host.call(id, 'transform', { ir, options: { to: 'AcmeRegs' } })
  expect(records).toMatchObject([{ level: 'info', message: 'renamed package Regulation to AcmeRegs in 0 references' }])
})

test('needs no more memory than its README says', async () => {
  const host = newHost()
  const id = await load(host)
  await host.call(id, 'transform', { ir, options: { to: 'AcmeRegs' } })
  expect(host.stats(id).peakMemory).toBeLessThan(4_000_000)
})

test('costs the same each time', async () => {
  const host = newHost()
  const permissions = { maxFuel: 100_000_000 }
  const fuel: (number | undefined)[] = []
  for (let round = 0; round < 2; round += 1) {
    const id = await load(host, { permissions })
    await host.call(id, 'transform', { ir, options: { to: 'AcmeRegs' } })
    fuel.push(host.stats(id).fuel)
  }
  expect(fuel[0]).toBeGreaterThan(0)
  expect(fuel[1]).toBe(fuel[0])
})
