import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { command } from './support/command.ts'
import { guestFile } from './support/guest.ts'

const SHA256 = '0'.repeat(64)
const plain = ['--lifecycle', 'none']

/** A URL on this machine that answers `hello`. */
async function hello(): Promise<string> {
  const server = createServer((_, response) => void response.end('hello'))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe('the network', () => {
  it('is reached where --allow-host grants the host', async () => {
    const request = JSON.stringify({ url: await hello() })
    const call = ['call', await guestFile('network'), 'body', request, '--raw', ...plain]
    const granted = await command([...call, '--allow-host', 'api.example.org', '--allow-host', '127.0.0.1'])
    expect(granted).toEqual({ code: 0, stdout: 'hello', stderr: '' })
  })

  it.each<[string, string[], RegExp]>([
    ['nothing is granted', [], /^Trap: The extension called `http_request`, for which it has no grant\.$/m],
    ['another host is', ['--allow-host', 'localhost'], /^Trap: .*127\.0\.0\.1 is not among the hosts/m],
    ['its address is not public', ['--network'], /^Trap: .*which is not a public address/m],
  ])('is not reached where %s, and says what grants it', async (_, options, message) => {
    const request = JSON.stringify({ url: await hello() })
    const call = ['call', await guestFile('network'), 'body', request, '--raw', ...plain, ...options]
    const { code, stdout, stderr } = await command(call)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^Grant the host with --allow-host, or every public one with --network\.$/m)
  })

  it('that failed is not said to be refused', async () => {
    const call = ['call', await guestFile('network'), 'body', '{"url":"http://127.0.0.1:1/"}', '--raw', ...plain]
    const { code, stderr } = await command([...call, '--allow-host', '127.0.0.1'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Trap: .*ECONNREFUSED/)
    expect(stderr).not.toContain('--allow-host')
  })
})

describe('what makes no sense', () => {
  it.each<[string, string[], RegExp]>([
    ['a URL', ['--allow-host', 'https://example.org'], /^"https:\/\/example\.org" is not a host: /],
    ['a port', ['--allow-host', 'example.org:443'], /^"example\.org:443" is not a host: /],
    ['all of them', ['--allow-host', '*'], /^"\*" is not a host: /],
    ['nobody', ['--allow-host', ''], /^"" is not a host: /],
    ['an option without its value', ['--allow-host'], /^--allow-host lacks its value\./],
    ['a value without its option', ['--network=mine'], /^Option '--network' does not take an argument/],
  ])('is refused as a host: %s', async (_, options, message) => {
    const { code, stdout, stderr } = await command(['call', await guestFile('echo'), 'echo', ...options])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^npx morphir-extension-host call --help shows what there is\.$/m)
  })

  it.each([
    { words: ['call', '%', 'echo', '1'] },
    { words: ['bench', '%', 'echo', '1'] },
    { words: ['types', '%'] },
    { words: ['conformance', '%'] },
    { words: ['inspect', '%'] },
    { words: ['inspect', '%', '--no-run'] },
  ])('is refused by every command that loads an extension: $words', async ({ words: given }) => {
    const path = await guestFile('echo')
    const words = given.map((word) => (word === '%' ? path : word))
    const host = await command([...words, '--allow-host', 'example.org/path'])
    expect(host).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^"example\.org\/path" is not a host: /),
    })
    const hash = await command([...words, '--sha256', 'abc'])
    const message = /^--sha256 must be 64 hexadecimal digits; it is "abc"\./
    expect(hash).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
  })

  it('is refused as a dialect by those that take one', async () => {
    const path = await guestFile('echo')
    for (const words of [
      ['call', path, 'echo'],
      ['bench', path, 'echo'],
      ['types', path],
      ['inspect', path, '--no-run'],
    ]) {
      expect(await command([...words, '--dialect', 'klingon'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('"klingon"'),
      })
    }
  })
})

describe('conformance', () => {
  it('grants what the other commands grant', async () => {
    const path = await guestFile('conformance')
    const granted = ['--allow-host', 'example.org', '--readonly-path', '/', '--timeout', '5s', '--no-cache']
    const checked = await command(['conformance', path, '--only', 'loads', ...granted])
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    const refused = await command(['conformance', path, '--only', 'loads', '--readonly-path', '/none/at/all'])
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/✗ {2}loads .*\/none\/at\/all cannot/) })
  })

  it('checks the hash', async () => {
    const { code, stdout } = await command(['conformance', await guestFile('conformance'), '--sha256', SHA256])
    expect(code).toBe(1)
    expect(stdout).toMatch(/✗ {2}loads .*InvalidSource/)
  })
})

describe('inspect', () => {
  const inspect = async (name: string, ...options: string[]) => command(['inspect', await guestFile(name), ...options])

  it.each<[string, string[], string, string]>([
    [
      'nothing is granted',
      [],
      'to reach nothing over the network; no environment',
      'the network (http_request): not granted; see --allow-host and --network',
    ],
    [
      'hosts are',
      ['--allow-host', '*.example.org', '--allow-host', '::1'],
      'to reach *.example.org, ::1; no environment',
      'the network (http_request): granted',
    ],
    [
      'all are',
      ['--network', '--allow-host', 'localhost'],
      'to reach every public host, localhost; no environment',
      'the network (http_request): granted',
    ],
  ])('tells what of the network would be granted where %s, run or not', async (_, options, granted, asks) => {
    for (const more of [[], ['--no-run']]) {
      const { code, stdout } = await inspect('network', ...plain, ...options, ...more)
      expect(code).toBe(0)
      const lines = stdout.split('\n').map((line) => line.slice(14))
      expect(lines).toContain(granted)
      expect(lines[lines.indexOf(granted) + 1]).toBe(asks)
    }
  })

  it('tells what is granted and not asked for', async () => {
    const { stdout } = await inspect('echo', '--network', '--allow-path', '/tmp=data')
    expect(stdout).toMatch(
      /^Asks for {6}nothing of the network, though granted\n {14}nothing of files, though granted$/m,
    )
    expect((await inspect('echo')).stdout).toMatch(/^Asks for {6}nothing but its input$/m)
  })

  it('tells files, and whether a directory is granted', async () => {
    const bare = await inspect('directory', ...plain)
    expect(bare.stdout).toMatch(/^Asks for {6}files \(path_open\): not granted; see --allow-path and --readonly-path$/m)
    const granted = await inspect('directory', ...plain, '--readonly-path', '/tmp=data')
    expect(granted.stdout).toMatch(/^Asks for {6}files \(path_open\): granted$/m)
  })

  it('tells it as JSON', async () => {
    const { stdout } = await inspect('network', ...plain, '--allow-host', 'example.org', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      permissions: { allowedHosts: ['example.org'] },
      asks: [{ what: 'network', imports: ['http_request'], granted: true }],
    })
  })

  it('looks at grants and hash where nothing is run', async () => {
    const directory = await inspect('echo', '--no-run', '--allow-path', '/none/at/all')
    expect(directory).toMatchObject({ code: 1, stdout: expect.stringMatching(/^IoError: .*\/none\/at\/all/m) })
    const hash = await inspect('echo', '--no-run', '--sha256', SHA256)
    expect(hash).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Its sha256 is not 0{64}\.$/m) })
    const { sha256 } = JSON.parse((await inspect('echo', '--no-run', '--json')).stdout) as { sha256: string }
    expect(await inspect('echo', '--no-run', '--sha256', sha256.toUpperCase())).toMatchObject({ code: 0 })
  })

  it('knows Morphir’s own functions, which every extension has', async () => {
    for (const more of [[], ['--no-run']]) {
      const { code, stdout } = await inspect('morphir-functions', ...plain, ...more)
      expect(code).toBe(0)
      expect(stdout).toMatch(/^ {14}extism:host\/user: morphir_get_workspace_info, .*morphir_log$/m)
      expect(stdout).not.toContain('not offered')
    }
  })

  it('tells an extension on Morphir’s SDK from a plain plug-in', async () => {
    expect((await inspect('mep', '--no-run')).stdout).toMatch(
      /^Lifecycle {5}sessions of Morphir’s SDK: the dialect mep$/m,
    )
    expect((await inspect('plain', '--no-run')).stdout).toMatch(/^Lifecycle {5}none: a plain Extism plug-in$/m)
  })
})
