import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HostFunctions, HostOptions, Permissions } from '@finos/morphir-extension-host'
import { newHost } from './support/host.ts'
import { moduleOf } from './support/languages.ts'
import { rejection } from './support/promise.ts'

const path = moduleOf('host-functions')
const there = existsSync(path)
const made = there ? '' : ' (its module is made by `npm run build:extensions -- --only host-functions`)'

/** What Extism's own kit for Rust makes of `#[host_fn]` and `http::request`. */
describe.skipIf(!there)(`the extension that calls its host${made}`, () => {
  const reports: unknown[] = []
  const functions: HostFunctions = {
    'extism:host/user': {
      describe: { text: async (name: string) => JSON.stringify({ name, words: name.split('.') }) },
      join: { text: (one: string, other: string) => one + other },
      report: (progress: unknown) => void reports.push(progress),
      today: { text: () => '2026-11-24' },
    },
  }

  async function loaded(permissions: Permissions = {}, options: HostOptions = {}) {
    const host = newHost(options)
    const source = { type: 'wasm', path } as const
    const instances = 2
    return { host, id: await host.loadExtension({ name: 'x', source, functions, permissions, instances }) }
  }

  it('calls functions of JavaScript with text and with JSON', async () => {
    const { host, id } = await loaded()
    expect(await host.call(id, 'functions', 'Übung.Model')).toEqual({
      description: { name: 'Übung.Model', words: ['Übung', 'Model'] },
      joined: 'Übung.Model!',
      today: '2026-11-24',
    })
    expect(reports).toEqual([{ asked: 1 }])
  })

  it('is told about the workspace, and keeps IR that its other instances find', async () => {
    const { host, id } = await loaded({}, { workspace: { root: '/work', outputDir: '/out' } })
    const workspace = { root: '/work', output_dir: '/out' }
    const ir = { formatVersion: 3, text: 'ü'.repeat(1000) }
    expect(await host.call(id, 'workspace', ir)).toEqual({ workspace, before: null })
    expect(await host.callMany(id, 'workspace', [ir, ir])).toEqual([
      { workspace, before: ir },
      { workspace, before: ir },
    ])
  })

  it('is told the working directory where nobody says what the workspace is', async () => {
    const { host, id } = await loaded()
    expect(await host.call(id, 'workspace', {})).toMatchObject({
      workspace: { root: process.cwd(), output_dir: join(process.cwd(), '.morphir-dist') },
    })
  })

  it('makes requests with a body, and reads status, headers and body', async () => {
    const server = createServer((asked, response) => {
      let body = ''
      asked.setEncoding('utf8').on('data', (text: string) => (body += text))
      asked.on('end', () => {
        const known = asked.headers['x-token'] === 'mine'
        response.writeHead(known ? 201 : 403, { 'X-Method': asked.method }).end(`${body}!`)
      })
    })
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const { host, id } = await loaded({ allowedHosts: ['127.0.0.1'] })
    const headers = { 'X-Token': 'mine' }
    expect(await host.call(id, 'fetch', { url, method: 'POST', headers, body: 'grüß' })).toMatchObject({
      status: 201,
      headers: { 'x-method': 'POST' },
      body: 'grüß!',
    })
    expect(await host.call(id, 'fetch', { url })).toMatchObject({ status: 403, body: '!' })
    const refused = await loaded({ allowedHosts: ['example.org'] })
    expect(await rejection(refused.host.call(refused.id, 'fetch', { url }))).toMatchObject({ code: 'Trap' })
  })
})
