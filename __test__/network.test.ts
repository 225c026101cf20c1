import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ExtensionHost, Permissions } from '@finos/morphir-extension-host'
import { caught } from './support/caught.ts'
import { load, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

interface Grants {
  isGrantedHost(host: string, grant: { any: boolean; hosts: string[] }): boolean
  isGrantedAddress(host: string, address: string, grant: { any: boolean; hosts: string[] }): boolean
}
const { isGrantedAddress, isGrantedHost } = createRequire(import.meta.url)('../lib/grant.js') as Grants

/** A server on this machine; answers its port. */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const GRANTED: Permissions = { allowedHosts: ['127.0.0.1'] }
const request = (url: string, more = {}) => JSON.stringify({ url, headers: {}, ...more })
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

async function loaded(permissions: Permissions = GRANTED): Promise<{ host: ExtensionHost; id: number }> {
  const host = newHost()
  return { host, id: await load(host, 'network', { lifecycle: 'none', permissions }) }
}

async function body(request: string, permissions?: Permissions): Promise<string> {
  const { host, id } = await loaded(permissions)
  return text(await host.callRaw(id, 'body', request))
}

async function refused(request: string, permissions?: Permissions): Promise<string> {
  const { host, id } = await loaded(permissions)
  const error = await rejection(host.callRaw(id, 'body', request))
  expect(error).toMatchObject({ code: 'Trap', extension: 'network', method: 'body' })
  expect(error.message).toMatch(/^The host function `http_request` failed: /)
  return error.message
}

/** What a server was asked, as its answer. */
const mirror: RequestListener = (asked, response) => {
  const chunks: Buffer[] = []
  asked.on('data', (chunk: Buffer) => chunks.push(chunk))
  asked.on('end', () => {
    const { method, url, headers } = asked
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString('hex') }))
  })
}
type Mirrored = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { body: string }

describe('a granted request', () => {
  it('reaches its server, and its body, status and headers reach the guest', async () => {
    const port = await serve((_, response) => {
      response.writeHead(418, { 'X-Kind': 'teapot', 'Set-Cookie': ['a=1', 'b=2'] }).end('grüß')
    })
    const { host, id } = await loaded()
    const wanted = request(`http://127.0.0.1:${port}/`)
    expect(text(await host.callRaw(id, 'body', wanted))).toBe('grüß')
    expect(text(await host.callRaw(id, 'status', wanted))).toBe('418')
    expect(JSON.parse(text(await host.callRaw(id, 'headers', wanted)))).toMatchObject({
      'x-kind': 'teapot',
      'set-cookie': 'a=1, b=2',
    })
  })

  it('carries method, headers and a body of any bytes, but not the headers that belong to the connection', async () => {
    const port = await serve(mirror)
    const { host, id } = await loaded()
    const headers = { 'X-Own': 'mine', Host: 'elsewhere.example', Connection: 'upgrade', 'Content-Length': '7' }
    const wanted = request(`http://127.0.0.1:${port}/path?query`, { method: 'put', headers })
    const seen = JSON.parse(text(await host.callRaw(id, 'post', wanted))) as Mirrored
    expect(seen).toMatchObject({ method: 'PUT', url: '/path?query', body: '6869ff' })
    expect(seen.headers).toMatchObject({ 'x-own': 'mine', host: `127.0.0.1:${port}`, 'content-length': '3' })
    expect(seen.headers.connection).not.toBe('upgrade')
  })

  it('follows redirects to hosts that are granted', async () => {
    const port = await serve((asked, response) => {
      if (asked.url === '/to') mirror(asked, response)
      else response.writeHead(302, { location: '/to' }).end()
    })
    const { host, id } = await loaded()
    const seen = JSON.parse(
      text(await host.callRaw(id, 'post', request(`http://127.0.0.1:${port}/from`, { method: 'POST' }))),
    ) as Mirrored
    expect(seen).toMatchObject({ method: 'GET', url: '/to', body: '' })
  })

  it('does not take secrets along to another host', async () => {
    const other = await serve(mirror)
    const port = await serve((_, response) => response.writeHead(307, { location: `http://localhost:${other}/` }).end())
    const headers = { Authorization: 'secret', Cookie: 'secret', 'X-Own': 'mine' }
    const permissions = { allowedHosts: ['127.0.0.1', 'localhost'] }
    const seen = JSON.parse(await body(request(`http://127.0.0.1:${port}/`, { headers }), permissions)) as Mirrored
    expect(seen.headers).toMatchObject({ 'x-own': 'mine' })
    expect(JSON.stringify(seen.headers)).not.toContain('secret')
  })
})

describe('a request is refused', () => {
  it('to a host that is not among those granted, before anything is sent', async () => {
    let asked = 0
    const port = await serve((_, response) => {
      asked += 1
      response.end()
    })
    expect(await refused(request(`http://127.0.0.1:${port}/`), { allowedHosts: ['example.org'] })).toContain(
      '127.0.0.1 is not among the hosts that it is granted',
    )
    expect(asked).toBe(0)
  })

  it.each(['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '[::ffff:127.0.0.1]'])(
    'to the private address %s, though the whole network is granted',
    async (host) => {
      const port = await serve((_, response) => response.end())
      expect(await refused(request(`http://${host}:${port}/`), { network: true })).toContain('not a public address')
    },
  )

  it('where a redirect leads to what is not granted, and redirects without end', async () => {
    let inner = 0
    const other = await serve((_, response) => {
      inner += 1
      response.end('inner')
    })
    const port = await serve((asked, response) => {
      const location = asked.url === '/out' ? `http://localhost:${other}/` : asked.url
      response.writeHead(302, { location }).end()
    })
    expect(await refused(request(`http://127.0.0.1:${port}/out`))).toContain('localhost is not among the hosts')
    expect(inner).toBe(0)
    expect(await refused(request(`http://127.0.0.1:${port}/round`))).toContain('redirected more than 10 times')
  })

  it('where the response is larger than maxOutput, whether it says so or not', async () => {
    const permissions = { ...GRANTED, maxOutput: 1000 }
    const said = await serve((_, response) => response.writeHead(200, { 'content-length': 1001 }).end('x'.repeat(1001)))
    expect(await refused(request(`http://127.0.0.1:${said}/`), permissions)).toContain('larger than 1000 bytes')
    const silent = await serve((_, response) => {
      const more = setInterval(() => response.write('x'.repeat(600)), 1)
      response.on('close', () => clearInterval(more))
    })
    expect(await refused(request(`http://127.0.0.1:${silent}/`), permissions)).toContain('larger than 1000 bytes')
  })

  it.each([
    ['no JSON', 'not JSON', 'the request is not JSON'],
    ['no URL', request('nowhere'), '"nowhere" is not a URL'],
    ['another protocol', request('file:///etc/passwd'), 'file:// is not for extensions'],
    [
      'a method of the connection',
      request('http://127.0.0.1/', { method: 'CONNECT' }),
      'CONNECT is not for extensions',
    ],
    ['a header that is none', request('http://127.0.0.1:9/', { headers: { 'a b': 'c' } }), 'Header name'],
  ])('with %s', async (_, wanted, words) => {
    expect(await refused(wanted)).toContain(words)
  })

  it('by a server that is not there, with the reason', async () => {
    const { host, id } = await loaded()
    const error = await rejection(host.callRaw(id, 'body', request('http://127.0.0.1:1/')))
    expect(error.message).toContain('ECONNREFUSED')
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('without any grant', async () => {
    const { host, id } = await loaded({})
    const error = await rejection(host.callRaw(id, 'body', request('http://127.0.0.1/')))
    expect(error).toMatchObject({ code: 'Trap' })
    expect(error.message).toContain('`http_request`, for which it has no grant')
  })

  it('during callSync, which nothing can interrupt', async () => {
    const { host, id } = await loaded()
    const error = caught(() => host.callSync(id, 'body', { url: 'http://127.0.0.1/' }))
    expect(error.message).toContain('during callSync nothing can wait for the network: use call')
  })
})

describe('a slow server', () => {
  const slow = () =>
    new Promise<{ port: number; closed: Promise<void> }>((resolve) => {
      const closed = new Promise<void>((close) => {
        void serve((asked, response) => {
          response.write('slowly')
          asked.socket.on('close', close)
        }).then((port) => resolve({ port, closed }))
      })
    })

  it('costs no more than the deadline, and the connection is closed', async () => {
    const { port, closed } = await slow()
    const { host, id } = await loaded({ ...GRANTED, maxExecutionTime: 200 })
    const error = await rejection(host.callRaw(id, 'body', request(`http://127.0.0.1:${port}/`)))
    expect(error).toMatchObject({ code: 'Timeout' })
    await closed
  })

  it('can be cancelled, and the connection is closed', async () => {
    const { port, closed } = await slow()
    const { host, id } = await loaded()
    const error = await rejection(
      host.callRaw(id, 'body', request(`http://127.0.0.1:${port}/`), { signal: AbortSignal.timeout(100) }),
    )
    expect(error).toMatchObject({ code: 'Cancelled' })
    await closed
  })
})

describe('grants', () => {
  it.each([
    ['api.example.org', 'api.example.org', true],
    ['api.example.org', 'API.example.ORG', true],
    ['api.example.org', 'example.org', false],
    ['a.b.example.org', '*.example.org', true],
    ['example.org', '*.example.org', false],
    ['evilexample.org', '*.example.org', false],
    ['example.org.evil', '*.example.org', false],
    ['::1', '[0:0::1]', true],
  ])('for %s by %s: %s', (host, entry, granted) => {
    expect(isGrantedHost(host, { any: false, hosts: [entry] })).toBe(granted)
  })

  it.each([
    ['8.8.8.8', true],
    ['2606:4700::1111', true],
    ['64:ff9b::808:808', true],
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['172.31.255.255', false],
    ['192.168.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['::ffff:10.0.0.1', false],
    ['64:ff9b::10.0.0.1', false],
    ['::ffff:0:10.0.0.1', false],
    ['2002:a00:1::', false],
    ['fd00::1', false],
    ['fe80::1%eth0', false],
    ['ff02::1', false],
  ])('make %s public: %s', (address, isPublic) => {
    expect(isGrantedAddress('name.example', address, { any: true, hosts: [] })).toBe(isPublic)
  })

  it('of a private address hold for each name that leads to it, and of localhost for that name alone', () => {
    expect(isGrantedAddress('inner.example', '10.0.0.1', { any: true, hosts: ['10.0.0.1'] })).toBe(true)
    expect(isGrantedAddress('inner.example', '10.0.0.2', { any: true, hosts: ['10.0.0.1'] })).toBe(false)
    expect(isGrantedAddress('localhost', '127.0.0.1', { any: false, hosts: ['localhost'] })).toBe(true)
    expect(isGrantedAddress('evil.example', '127.0.0.1', { any: true, hosts: ['localhost'] })).toBe(false)
    expect(isGrantedAddress('localhost', '10.0.0.1', { any: true, hosts: ['localhost'] })).toBe(false)
  })

  it.each([
    [{ allowedHosts: ['https://example.org'] }, 'is not a host'],
    [{ allowedHosts: ['*'] }, 'is not a host'],
    [{ network: false, allowedHosts: ['example.org'] }, 'leave one of them out'],
    [{ network: 'yes' }, 'boolean'],
    [{ allowedHosts: 'example.org' }, 'sequence'],
  ])('that are wrong are refused: %j', async (permissions, words) => {
    const error = await rejection(load(newHost(), 'network', { permissions: permissions as unknown as Permissions }))
    expect(error).toMatchObject({ code: 'InvalidConfig' })
    expect(error.message).toContain(words)
  })
})
