// The repository's own pages as a site: nothing is copied. README.md is its home; API reference is docs/api.md, because one that is made from
// index.d.ts would say the same in other words.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const repository = manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, '')

const TITLE = 'Morphir extension host'

const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const ICON = readFileSync(join(root, 'examples', 'vscode-extension', 'media', 'morphir.svg'), 'utf8')

const SECTIONS = [
  ['Use it', ['api', 'errors', 'permissions', 'host-functions', 'configuration', 'command-line']],
  ['Write extensions', ['writing-extensions', 'languages', 'dialects', 'conformance']],
  ['Fit it in', ['server', 'vscode', 'migration', 'toolchain', 'platforms', 'troubleshooting']],
  ['Behind it', ['performance', 'architecture', 'releasing']],
]
const FRONTMATTER = {
  'index.md': home,
  // Its trials are too many for a list at the side.
  'docs/performance.md': () => ({ outline: 2 }),
}
const OTHERS = ['CONTRIBUTING', 'SECURITY', 'CHANGELOG']

export default defineConfig({
  title: TITLE,
  description: manifest.description,
  lang: 'en',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(coloured(ICON))}` }]],
  // Wherever it is put: GitHub's pages are below the repository's name.
  base: process.env.SITE_BASE ?? '/',
  srcDir: root,
  srcExclude: [...folders.filter((name) => name !== 'docs').map((name) => `${name}/**`), 'docs/site/**'],
  rewrites: { 'README.md': 'index.md' },
  outDir: process.env.SITE_OUT ?? join(root, 'dist', 'site'),
  cacheDir: join(root, 'target', 'site'),
  markdown: { anchor: { slugify }, config: (md) => md.core.ruler.push('links', links) },
  transformPageData: (page) => ({ frontmatter: FRONTMATTER[page.relativePath]?.() ?? {} }),
  vite: { plugins: [{ name: 'home', enforce: 'pre', transform: belowHero }], build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'API', link: '/docs/api' },
      { text: 'Write an extension', link: '/docs/writing-extensions' },
      { text: 'Troubleshooting', link: '/docs/troubleshooting' },
      { text: manifest.version, items: OTHERS.map(other) },
    ],
    sidebar: [
      { items: [{ text: 'Start here', link: '/' }] },
      ...[...SECTIONS, ['More', unlisted()]]
        .filter(([, names]) => names.length > 0)
        .map(([text, names]) => ({ text, items: names.map(page) })),
      { text: 'The project', items: OTHERS.map(other) },
    ],
    socialLinks: [{ icon: 'github', link: repository }],
    editLink: { pattern: `${repository}/edit/main/:path`, text: 'Edit this page' },
    footer: { message: `Version ${manifest.version}`, copyright: `Released under the licence ${manifest.license}` },
    notFound: {
      title: 'There is no such page',
      quote: 'The search at the top finds every page.',
      linkText: 'To the start',
    },
  },
})

/** A page that nobody has put into a section yet is there all the same. */
function unlisted() {
  const listed = new Set(SECTIONS.flatMap(([, names]) => names))
  return readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .filter((name) => !listed.has(name))
}

function page(name) {
  return { text: titleOf(`docs/${name}.md`), link: `/docs/${name}` }
}

function other(name) {
  return { text: titleOf(`${name}.md`), link: `/${name}` }
}

function titleOf(path) {
  return /^# (.*)$/m.exec(readFileSync(join(root, path), 'utf8'))[1].replaceAll('`', '')
}

/** As GitHub makes them, because the pages are read there too. */
function slugify(title) {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}

function coloured(svg) {
  return svg.replace('currentColor', '#3451b2')
}

/** The readme's first paragraph as a hero. */
function home() {
  const [, text] = /^# .*\n\n([\s\S]*?)\n\n/.exec(readFileSync(join(root, 'README.md'), 'utf8'))
  return {
    layout: 'home',
    hero: {
      name: TITLE,
      tagline: text.replaceAll('\n', ' ').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'),
      actions: [
        { text: 'Use it', link: '/#use-it' },
        { text: 'API', link: '/docs/api', theme: 'alt' },
        { text: 'Write an extension', link: '/docs/writing-extensions', theme: 'alt' },
      ],
    },
  }
}

/** What the hero says is not said again below it. */
function belowHero(code, id) {
  return id === join(root, 'README.md') ? code.slice(code.indexOf('\n## ')) : undefined
}

/** Links to pages have the names of files, which is right in a repository; here they have the pages' titles. */
function links({ tokens, env }) {
  const here = posix.dirname(env.relativePath === 'index.md' ? 'README.md' : env.relativePath)
  for (const children of tokens.map(({ children }) => children ?? [])) {
    for (const [index, token] of children.entries()) {
      const target = token.type === 'link_open' ? token.attrGet('href') : null
      if (target === null || /^(\w+:|#)/.test(target)) continue
      const path = posix.join(here, target.replace(/#.*$/, ''))
      if (!existsSync(join(root, path))) continue
      if (!/^(docs\/[\w-]+|[A-Z]+)\.md$/.test(path)) token.attrSet('href', `${repository}/blob/HEAD/${path}`)
      else if (/^(docs\/)?[\w-]+\.md$/.test(children[index + 1].content)) children[index + 1].content = titleOf(path)
    }
  }
}
