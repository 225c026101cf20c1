import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { remove } from './support/directory.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const isInstalled = existsSync(join(ROOT, 'docs', 'site', 'node_modules', 'vitepress'))
const WITHOUT = isInstalled ? '' : ' (npm run docs installs what makes it)'
const BASE = '/somewhere/else/'

const out = mkdtempSync(join(tmpdir(), 'morphir-extension-host-site-'))
const docs = (...args: string[]) =>
  new Promise<{ code: number | null; printed: string }>((resolve) => {
    const script = join(ROOT, 'scripts', 'docs.mjs')
    const child = execFile(process.execPath, [script, ...args], { timeout: 280_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, printed: stdout + stderr }),
    )
  })
const read = (name: string) => readFileSync(join(out, name), 'utf8')

afterAll(() => remove(out))

describe('npm run docs', () => {
  it.each([['docs'], ['/docs'], ['docs/'], ['/a b/'], ['/"/']])(
    'refuses the base %s, and makes nothing',
    async (base) => {
      const { code, printed } = await docs('--base', base, '--out', out)
      expect(code).toBe(2)
      expect(printed).toContain(`A base begins and ends with a slash, as /docs/ does; ${base} does not.`)
      expect(readdirSync(out)).toEqual([])
    },
  )
})

describe.skipIf(!isInstalled)(`the site of the documentation${WITHOUT}`, () => {
  let made: { code: number | null; printed: string }
  beforeAll(async () => {
    made = await docs('--base', BASE, '--out', out)
  }, 300_000)

  it('is made, and no link in it leads nowhere', () => {
    expect(made).toEqual({ code: 0, printed: expect.stringMatching(/Following its links to headings/) })
  })

  it('has each page, a start, and one for what is not there', () => {
    const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
    const wanted = [...pages.map((name) => `docs/${name}`), 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
    const missing = ['index.md', '404.md', ...wanted].filter(
      (name) => !existsSync(join(out, name.replace('.md', '.html'))),
    )
    expect(missing).toEqual([])
  })

  it('has every page of docs/ in its list at the side, in a section that was chosen for it', () => {
    const text = read('docs/api.html')
    for (const name of readdirSync(join(ROOT, 'docs')).filter((each) => each.endsWith('.md'))) {
      expect(text).toContain(`href="${BASE}docs/${name.replace('.md', '.html')}"`)
    }
    expect(text).not.toMatch(/>More<\/h2>/)
  })

  it('names pages by their titles, not by their files', () => {
    const names = /<a [^>]*href="[^"]*"[^>]*>(?:docs\/)?[\w-]+\.md<\/a>/g
    const left = readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.html'))
      .flatMap((name) => read(name).match(names) ?? [])
    expect(left).toEqual([])
  })

  it('asks for nothing from elsewhere, and for nothing outside of its base', () => {
    const index = read('index.html')
    const asked = [...index.matchAll(/<(?:script|link|img)[^>]* (?:src|href)="([^"]*)"/g)].map(([, to]) => to!)
    expect(asked.length).toBeGreaterThan(3)
    expect(asked.filter((to) => !to.startsWith(BASE) && !to.startsWith('data:'))).toEqual([])
  })
})
