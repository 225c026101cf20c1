import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** What a page says, without what it shows. */
const prose = (page: string) => read(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')

/** The anchors of a page's headings, as GitHub makes them. */
const anchors = (page: string) =>
  [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

const links = pages.flatMap((page) =>
  [...prose(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([, path = '', anchor]) => ({
    page,
    target: path === '' ? page : join(dirname(page), path),
    anchor,
  })),
)

describe('the table of files in docs/architecture.md', () => {
  const table = read('docs/architecture.md').split('## Where things are')[1]!
  /** The folders whose files it names, each with the rows up to the next one. */
  const parts = [...table.matchAll(/^\| \*\*.*?`([\w/]+)`\*\* \|.*\n((?:\| (?!\*\*).*\n)*)/gm)].map(
    ([, folder, rows]) => ({
      folder: folder!,
      named: [...rows!.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell]) =>
        [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
      ),
    }),
  )

  it.each(['crates/host/src', 'src', 'lib'])(
    'names what is in %s, each once, and nothing that is not there',
    (folder) => {
      const part = parts.find((each) => each.folder === folder)
      const there = readdirSync(join(ROOT, folder), { withFileTypes: true })
      const names = there.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      expect(part?.named.toSorted()).toEqual(names.toSorted())
    },
  )
})

describe('the table of dependencies in CONTRIBUTING.md', () => {
  const table = read('CONTRIBUTING.md').split('## Dependencies')[1]!

  it('names every package that package.json asks for', () => {
    const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string> | undefined>
    const asked = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    )
    // An alias is the same package in another version.
    const names = asked.map((name) => (name === 'typescript-5' ? 'typescript' : name))
    expect(names.filter((name) => !table.includes(`\`${name}\``))).toEqual([])
  })

  it.each(['Cargo.toml', 'crates/host/Cargo.toml'])('names every crate that %s asks for', (manifest) => {
    const sections = read(manifest).split(/^(?=\[)/m)
    const asked = sections
      .filter((section) => /^\[(?:target\..*\.)?(?:dev-|build-)?dependencies\]/.test(section))
      .flatMap((section) => [...section.matchAll(/^([\w-]+) = /gm)].map(([, name]) => name!))
      .filter((name) => name !== 'morphir-extension-host')
    expect(asked).not.toEqual([])
    expect(asked.filter((name) => !table.includes(`\`${name}\``))).toEqual([])
  })

  it('says each thing once', () => {
    const rows = table.split('\n').filter((line) => line.startsWith('| '))
    const reasons = rows.map((row) => row.split('|').at(-2))
    expect(reasons.filter((reason, index) => reasons.indexOf(reason) !== index)).toEqual([])
  })
})

describe('the pages', () => {
  it('link to what is there', () => {
    expect(links.length).toBeGreaterThan(50)
    const broken = links.filter(
      ({ target, anchor }) =>
        !existsSync(join(ROOT, target)) ||
        (anchor !== undefined && target.endsWith('.md') && !anchors(target).includes(anchor)),
    )
    expect(broken).toEqual([])
  })

  it('are each within reach of README.md, which names every one of docs/', () => {
    const named = new Set(links.filter(({ page }) => page === 'README.md').map(({ target }) => target))
    expect(pages.filter((page) => page.startsWith('docs/') && !named.has(page))).toEqual([])
  })

  it('say no line twice', () => {
    const twice = pages.flatMap((page) => {
      const lines = prose(page)
        .split('\n')
        .filter((line) => line.length > 60 && !line.startsWith('|'))
      return lines.filter((line, index) => lines.indexOf(line) !== index)
    })
    // The large loads have one remark for each.
    expect(twice.filter((line) => !read('docs/performance.md').includes(line))).toEqual([])
  })
})

/** What `npm run bench` wrote, as the cells of its tables. */
const measured = read('docs/performance.md')
  .split(/<!-- \/?bench.*-->/)[1]!
  .split(/ \| |, | from/)
const figuresOf = (text: string) => [...text.matchAll(/[\d.,]+(?: (?:µs|ms|MiB)|\/s)/g)].map(([figure]) => figure)

describe('docs/performance.md', () => {
  it('sums up what npm run bench wrote', () => {
    const figures = figuresOf(read('docs/performance.md').split('## How it is measured')[0]!)
    expect(figures.length).toBeGreaterThan(15)
    expect(figures.filter((figure) => !measured.includes(figure))).toEqual([])
  })
})

describe('README.md', () => {
  it('has the figures of docs/performance.md, which npm run bench writes', () => {
    const figures = figuresOf(read('README.md').split('## How fast it is')[1]!.split('\nMeasured')[0]!)
    expect(figures).toHaveLength(6)
    expect(figures.filter((figure) => !measured.includes(figure))).toEqual([])
  })

  it('names every example extension', () => {
    const [, languages] = /has the same one in\s+([\s\S]*?), to copy from/.exec(read('README.md'))!
    const folders = readdirSync(join(ROOT, 'examples', 'extensions')).filter((name) =>
      existsSync(join(ROOT, 'examples', 'extensions', name, 'README.md')),
    )
    const spelled = languages!.split(/,\s+|\s+and\s+/).map((name) => name.toLowerCase().replace('c++', 'cpp'))
    // Those of the documentation of one subject are named there.
    const elsewhere = ['host-functions', 'mep']
    const named = folders.filter((name) => read('README.md').includes(`(examples/extensions/${name})`))
    expect([...spelled, ...named, ...elsewhere].toSorted()).toEqual(folders.toSorted())
  })
})
