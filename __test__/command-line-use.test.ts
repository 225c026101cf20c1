import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BIN, command, type CommandOptions } from './support/command.ts'
import { temporaryDirectory } from './support/directory.ts'
import { file, guestFile } from './support/guest.ts'
import { project } from './support/project.ts'

/** Every command, given a file. */
const COMMANDS: [string, (path: string) => string[]][] = [
  ['call', (path) => ['call', path, 'echo', '1']],
  ['run', (path) => ['run', path]],
  ['inspect', (path) => ['inspect', path]],
  ['conformance', (path) => ['conformance', path]],
  ['bench', (path) => ['bench', path, 'echo', '1']],
  ['types', (path) => ['types', path]],
]
/** Root may read everything. */
const somebody = process.getuid?.() === 0 ? { uid: 65_534 } : {}

/** Its one sentence, and where to read more. */
async function refused(args: string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await command(args, options)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  const [sentence, advice, ...more] = stderr.trimEnd().split('\n')
  expect(advice).toBe(`npx morphir-extension-host ${args[0]} --help shows what there is.`)
  expect(more).toEqual([])
  return sentence!
}

describe.each(COMMANDS)('%s', (name, words) => {
  it('refuses what is no file that can be read, in one sentence', async () => {
    const directory = temporaryDirectory()
    const at = (entry: string) => join(directory, entry)
    mkdirSync(at('directory'))
    writeFileSync(at('file'), '')
    symlinkSync('circle', at('circle'))
    symlinkSync('nowhere', at('dangling'))
    const kind = name === 'run' ? '.toml' : '.wasm'
    expect(await refused(words(at('none')))).toBe(`There is no file ${at('none')}.`)
    expect(await refused(words(at('dangling')))).toBe(`There is no file ${at('dangling')}.`)
    expect(await refused(words(at('directory')))).toBe(
      `${at('directory')} is a directory; name the ${kind} file in it.`,
    )
    expect(await refused(words(at('circle')))).toMatch(/circle cannot be read: ELOOP: /)
    expect(await refused(words(at('file/under')))).toMatch(/file\/under cannot be read: ENOTDIR: /)
    expect(await refused(words(''))).toMatch(/^The (extension|configuration file) is missing: /)
  })

  it.skipIf(process.platform === 'win32')(
    'refuses a file that may not be read (Windows has other rights)',
    async () => {
      const directory = temporaryDirectory()
      const path = join(directory, 'locked.wasm')
      writeFileSync(path, '')
      chmodSync(path, 0)
      chmodSync(directory, 0o755)
      expect(await refused(words(path), somebody)).toMatch(/locked\.wasm cannot be read: EACCES: /)
    },
  )

  it('says in one sentence what is wrong with a file that holds something else', async () => {
    for (const [what, bytes] of Object.entries({ nothing: '', text: '<html>' })) {
      const { code, stdout, stderr } = await command(words(file(`other-${what}`, Buffer.from(bytes))))
      // No extensions are an answer, too.
      const isEmptyToml = name === 'run' && what === 'nothing'
      expect(code).toBe(isEmptyToml ? 0 : 1)
      expect(stdout + stderr).toMatch(isEmptyToml ? /^The file lists no extensions\.$/m : /Invalid(Source|Config): /)
      expect(stderr).not.toMatch(/^ {4}at /m)
    }
  })

  it('says where its help is, given nothing or an option that there is not', async () => {
    expect(await refused([name])).toMatch(/^The (extension|configuration file) is missing: /)
    expect(await refused([name, '--faster'])).toBe("Unknown option '--faster'.")
  })

  it('ends when nobody reads what it prints', async () => {
    const { file: toml } = await project('[extensions.echo]\npath = "echo.wasm"\n', { 'echo.wasm': 'echo' })
    const args = name === 'run' ? ['run', toml, '--json'] : words(await guestFile('echo'))
    const { code, stderr } = await command(args, { onOutput: (_, child) => void child.stdout!.destroy() })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('what is printed', () => {
  const to = (stdout: number | 'pipe', stderr: number | 'pipe', args: string[]) =>
    spawnSync(process.execPath, [BIN, ...args], { stdio: ['ignore', stdout, stderr], encoding: 'utf8' })

  it.skipIf(process.platform !== 'linux')(
    'and cannot be written is said, and ends with 1 (Linux has a disk that is full)',
    async () => {
      const full = openSync('/dev/full', 'w')
      for (const args of [
        ['--help'],
        ['inspect', await guestFile('echo'), '--no-run'],
        ['call', await guestFile('echo'), 'echo', '1'],
      ]) {
        const { status, stderr } = to(full, 'pipe', args)
        expect({ status, stderr }).toEqual({
          status: 1,
          stderr: expect.stringMatching(/^What was to be printed cannot be written: ENOSPC: .*\.\n$/),
        })
      }
      expect(to('pipe', full, ['nonsense']).status).toBe(2)
      closeSync(full)
    },
  )
})

describe('an option', () => {
  it('without its value says how one is written that looks like an option', async () => {
    const path = await guestFile('echo')
    const sentence = '--max-memory lacks its value. One that begins with a dash is written --max-memory=….'
    expect(await refused(['call', path, 'echo', '1', '--max-memory'])).toBe(sentence)
    expect(await refused(['call', path, 'echo', '1', '--max-memory', '--raw'])).toBe(sentence)
  })

  it('is not what params are that stand behind --', async () => {
    const path = await guestFile('echo')
    expect(await refused(['call', path, 'echo', '-5'])).toMatch(
      /^Unknown option '-5'\. .*behind all options and --, as in -- -5\.$/,
    )
    expect(await command(['call', path, 'echo', '--', '-5'])).toEqual({ code: 0, stdout: '-5\n', stderr: '' })
  })
})

describe('params', () => {
  it('that are empty are said to be', async () => {
    const path = await guestFile('echo')
    expect(await refused(['call', path, 'echo', '-'])).toBe(
      'The params: standard input is empty, which is not JSON. A file is written @file.',
    )
    expect(await refused(['call', path, 'echo', ' '])).toMatch(/^The params: this is empty, which is not JSON\./)
    expect(await refused(['call', path, 'echo', '@'])).toBe('The params: @ names no file.')
  })
})

describe('Ctrl-C', () => {
  it('ends conformance in the middle of a check, and says so', async () => {
    const path = await guestFile('lifecycle')
    const args = ['conformance', path, '--config', '{"do":"l"}']
    // The first check passes; the second starts a guest that loops.
    const onOutput = (output: string, child: { kill(signal: 'SIGINT'): boolean }) =>
      void (output.includes('✓  loads') && !output.includes('Interrupted') && child.kill('SIGINT'))
    const { code, stdout, stderr } = await command(args, { onOutput })
    // Ended by the signal, which shells call 130.
    expect({ code, stderr }).toEqual({ code: null, stderr: 'Interrupted.\n' })
    expect(stdout).not.toContain('capabilities')
  })

  it('says no more than that a call of `run` was interrupted', async () => {
    const { file: toml } = await project('[extensions.counter]\npath = "counter.wasm"\n', { 'counter.wasm': 'counter' })
    const { code, stdout, stderr } = await command(['run', toml, '--call', 'counter', 'loop'], {
      onOutput: (output, child) => void (/loaded/.test(output) && setTimeout(() => child.kill('SIGINT'), 300)),
    })
    expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: 'loaded   counter\nInterrupted.\n' })
  })
})
