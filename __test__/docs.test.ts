import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ExtensionHost } from '@finos/morphir-extension-host'
import { remove } from './support/directory.ts'
import { commandsOf, programProblem } from './support/commands.ts'
import { ROOT, fences, fencesOf, following, pages, type Fence } from './support/fences.ts'
import { choosePeer, hasPeers, hasRenaming, isBuilt, moduleFor, stage, start, write } from './support/stage.ts'

const directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-docs-'))
beforeAll(async () => {
  if (hasRenaming) await stage(directory)
})
afterAll(() => remove(directory))

const of = (...languages: string[]) => fences.filter(({ language }) => languages.includes(language))
const runnable = of('js').filter(({ reason }) => reason === undefined)
const isTest = ({ code }: Fence) => code.includes("from 'vitest'")
const isPeers = ({ code }: Fence) => code.includes("from '@extism/extism'")
const scripts = runnable.filter((fence) => !isTest(fence) && !isPeers(fence))
const byPlace = (list: Fence[]) => list.map((fence) => [fence.place, fence] as const)

function run(fence: Fence, more: NodeJS.ProcessEnv = {}) {
  const env = { ...moduleFor(fence), CACHE: process.env.MORPHIR_TEST_CACHE, PORT: '0', ...more }
  return start(directory, process.execPath, ['--no-warnings', 'run.mjs', write(directory, fence, false)], env)
}

/** What the documentation says that a block ends with: a comment such as `// Timeout: …`. */
const failure = ({ code }: Fence) => /^\/\/ ([A-Z]\w+: .*)$/m.exec(code)?.[1]

const UNBUILT = ' (npm run build:extensions -- --install makes its module)'
const WITHOUT = hasRenaming ? '' : ' (npm test makes the extension and the model)'

describe.skipIf(!hasRenaming)(`JavaScript in the documentation${WITHOUT}`, () => {
  const named = scripts.map((fence) => [`${fence.place}${isBuilt(fence) ? '' : UNBUILT}`, fence] as const)
  it.for(named)('runs: %s', async ([, fence], { skip }) => {
    skip(!isBuilt(fence))
    const { code, stdout, stderr } = await run(fence)
    const expected = failure(fence)
    expect({ code, stderr: stderr.trim() }).toEqual({ code: expected === undefined ? 0 : 1, stderr: expected ?? '' })
    const shown = following(fence)
    if (shown?.language === '' && stdout !== '') expect(comparable(stdout)).toEqual(comparable(shown.code))
    if (fence.code.includes("server.on('request'"))
      expect(stdout).toMatch(/^200 text\/plain.*\n[^]*morphir_extensions 1/)
  })

  it.each(byPlace(runnable.filter((fence) => isTest(fence))))('runs as a test: %s', async (_, fence) => {
    const name = `${fence.page.replaceAll(/\W/g, '-')}.test.mjs`
    writeFileSync(join(directory, name), fence.code.replace('./extension.wasm', './conforming.wasm'))
    writeFileSync(join(directory, 'vitest.config.mjs'), 'export default { test: { testTimeout: 60_000 } }')
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
    const { code, stdout } = await start(directory, process.execPath, [vitest, 'run', name])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/Tests {2}(16 passed|\d+ passed \| \d skipped) \(16\)/),
    })
  })

  const before = of('js').find(isPeers)
  it.skipIf(!hasPeers).each(['extism-1', 'extism-2'])(
    'does before and after the migration from %s the same (needs npm ci in bench/peers)',
    async (peer) => {
      const other = mkdtempSync(join(tmpdir(), 'morphir-extension-host-docs-'))
      try {
        await stage(other)
        choosePeer(other, peer)
        const after = fences[fences.indexOf(before!) + 1]!
        const env = { MODULE: 'rename-package.wasm', CACHE: process.env.MORPHIR_TEST_CACHE }
        const printed = []
        for (const fence of [before!, after]) {
          const args = ['--no-warnings', 'run.mjs', write(other, fence, false)]
          printed.push(await start(other, process.execPath, args, env))
        }
        const same = { code: 0, stdout: 'Hello, you\n', stderr: '' }
        expect(printed).toEqual([same, same])
      } finally {
        await remove(other)
      }
    },
  )

  it('has the types that the package has', async () => {
    const checked = of('js', 'ts').filter((fence) => fence.reason === undefined && !isPeers(fence))
    const files = checked.map((fence) => write(directory, fence, true))
    const { stdout } = await start(directory, process.execPath, [
      ...[join(ROOT, 'bin', 'morphir-extension-host.mjs'), 'types', 'rename-package.wasm'],
      ...['--output', 'rename-package.d.ts'],
    ])
    expect(stdout).toBe('')
    const compilerOptions = {
      ...{ target: 'es2023', lib: ['es2023', 'esnext.disposable'], module: 'nodenext', types: ['node'] },
      // What JavaScript shows has no types of its own.
      ...{ strict: true, noImplicitAny: false, noEmit: true, skipLibCheck: true, preserveSymlinks: true },
    }
    writeFileSync(
      join(directory, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: [...files, 'globals.d.ts'] }),
    )
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout: found } = await start(directory, process.execPath, [tsc, '--pretty', 'false', '-p', '.'])
    // To TypeScript what a call answers is `unknown`, and what an empty list has `never`; JavaScript takes both as they are.
    const javascript = new Set(of('js').map((fence) => write(directory, fence, true).slice(2)))
    const wrong = found.split('\n').filter((line) => line !== '')
    expect(
      wrong.filter((line) => !(/'(unknown|never)'/.test(line) && javascript.has(line.slice(0, line.indexOf('('))))),
    ).toEqual([])
  }, 60_000)

  const left = fences.filter(({ reason }) => reason !== undefined)
  it(`is all run, but for ${left.length} blocks: ${left.map(({ place, reason }) => `${place} (${reason})`).join(', ')}`, () => {
    expect(left.filter(({ language }) => !['js', 'ts', 'toml'].includes(language))).toEqual([])
    expect(scripts.length).toBeGreaterThan(20)
  })
})

describe('Rust and Go in the documentation', () => {
  const blocks = of('rust', 'go')
  it(`close what they open, in ${blocks.length} blocks (compiling them would take minutes)`, () => {
    for (const { place, code } of blocks) {
      for (const [open, close] of ['{}', '()', '[]']) {
        expect([place, open, code.split(open!).length]).toEqual([place, open, code.split(close!).length])
      }
    }
  })
})

describe.skipIf(!hasRenaming)(`data in the documentation${WITHOUT}`, () => {
  it.each(byPlace(of('json')))('is JSON: %s', (_, { code }) => {
    expect(() => JSON.parse(code) as unknown).not.toThrow()
  })

  it.each(byPlace(of('toml').filter(({ reason }) => reason === undefined)))(
    'is a configuration file that loads: %s',
    async (_, { code }) => {
      const path = join(directory, 'shown.toml')
      writeFileSync(path, code)
      const { host, loaded, failed } = await ExtensionHost.fromConfig(path, {
        cacheDir: process.env.MORPHIR_TEST_CACHE,
      })
      await host.close()
      expect(failed).toEqual([])
      expect(loaded.length).toBe(code.includes('[extensions.') || code.includes('[[extensions') ? 1 : 0)
    },
  )
})

describe('commands in the documentation', () => {
  it.each(byPlace(of('sh', 'console')))('are there, with their options: %s', async (_, fence) => {
    const problems = await Promise.all(commandsOf(fence).map((command) => programProblem(command)))
    expect(problems.filter((problem) => problem !== undefined)).toEqual([])
  })

  const sessions = of('sh').filter(({ code }) => /^\$ npx morphir-extension-host /m.test(code))
  it.skipIf(!hasRenaming).each(byPlace(sessions))(`print what is shown: %s${WITHOUT}`, async (_, fence) => {
    const bin = `${JSON.stringify(process.execPath)} ${JSON.stringify(join(ROOT, 'bin', 'morphir-extension-host.mjs'))}`
    const small =
      '{"ir":{"formatVersion":3,"distribution":["Library",[["old"]],[],{"modules":[]}]},"options":{"to":"New.Home"}}'
    writeFileSync(join(directory, 'params.json'), small)
    writeFileSync(join(directory, 'morphir.toml'), BROKEN)
    const entries = fence.code.split(/^\$ /m).slice(1)
    for (const entry of entries) {
      const [command, ...lines] = entry.trimEnd().split('\n') as [string, ...string[]]
      if (command.startsWith('cat ')) {
        writeFileSync(join(directory, command.slice(4)), `${lines.join('\n').trim()}\n`)
        continue
      }
      const { stdout, stderr } = await start(directory, 'sh', [
        '-c',
        command.replace('npx morphir-extension-host', bin),
      ])
      const printed = new Set(comparable((stdout + stderr).replaceAll(directory, '/project')))
      expect(comparable(lines.join('\n')).filter((line) => !line.includes('…') && !printed.has(line))).toEqual([])
    }
  })
})

const BROKEN = `[[extensions]]
name = "rename-package"
path = "rename-package.wasm"

[[extensions]]
name = "broken"
path = "broken.wasm"
`

/** The lines of what was printed. No two runs take the same time, and no two builds have the same bytes. */
function comparable(text: string): string[] {
  return text
    .replaceAll(/\b[\da-f]{64}\b/g, '<hash>')
    .replaceAll(/\b[\d,]+ bytes/g, '<size> bytes')
    .replaceAll(/[\d,.]+ +(?:µs|ms|s)\b/g, '<time>')
    .replaceAll(/[\d,.]+ +(MiB|a second|calls)\b/g, '<figure> $1')
    .split('\n')
    .map((line) => line.trim().replaceAll(/ +/g, ' '))
    .filter((line) => line !== '')
}

describe('the reader of pages', () => {
  it('finds blocks, what they are, and where', () => {
    const [one, two] = fencesOf('a.md', 'x\n```js not run: needs a moon\n1\n```\n\n- y\n\n  ```sh\n  ls\n  ```\n')
    expect(one).toMatchObject({ place: 'a.md:2', language: 'js', reason: 'needs a moon', code: '1\n' })
    expect(two).toMatchObject({ place: 'a.md:8', language: 'sh', code: 'ls\n' })
  })

  it('leaves no block open, and none of a language that nobody checks', () => {
    for (const page of pages) {
      const marks = readFileSync(join(ROOT, page), 'utf8').match(/^ *```/gm) ?? []
      expect([page, marks.length]).toEqual([page, 2 * fences.filter((fence) => fence.page === page).length])
    }
    const known = new Set(['', 'js', 'ts', 'sh', 'console', 'json', 'toml', 'rust', 'go'])
    expect(fences.filter(({ language }) => !known.has(language)).map(({ place }) => place)).toEqual([])
  })

  it.each([
    ['npm run fly', /no script fly/],
    ['npm run bench -- --fly', /bench takes no --fly/],
    ['npx morphir-extension-host fly x.wasm', /no command fly/],
    ['npx morphir-extension-host call x.wasm f --fly', /call takes no --fly/],
    ['npx flyer', /no command flyer/],
    ['node scripts/fly.mjs', /no file scripts\/fly.mjs/],
    ['fly away', /does not know the program fly/],
  ])('says what is wrong with a command: %s', async (code, message) => {
    const [fence] = fencesOf('README.md', `\`\`\`sh\n${code}\n\`\`\`\n`)
    const [command] = commandsOf(fence!)
    expect(await programProblem(command!)).toMatch(message)
  })
})
