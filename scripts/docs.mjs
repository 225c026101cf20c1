// npm run docs: the documentation as a site, from the pages as they are.

import { readFileSync, readdirSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { installPackages, script } from './lib/packages.mjs'
import { root } from './lib/places.mjs'
import { run } from './lib/run.mjs'
import { step } from './lib/step.mjs'

const site = join(root, 'docs', 'site')
const built = join(root, 'dist', 'site')

const USAGE = `npm run docs [-- --base /path/]
  --base  below which path of its server the site will be; / by default
It is made in ${relative(root, built)}. A link that leads nowhere fails.`

await main(async () => {
  const base = baseOf(process.argv.slice(2))
  await installPackages(site)
  await step('Making the site', async (live) => {
    const args = [script('vitepress', { directory: site }), 'build', site]
    await run(process.execPath, args, { env: { SITE_BASE: base }, lastLines: 100, onLine: (line) => live.now(line) })
    live.note(`${pages().length} pages in ${relative(root, built)}`)
  })
  await step('Following its links to headings', () => followAnchors(base))
}, USAGE)

function baseOf(args) {
  let values
  try {
    values = parseArgs({ args, options: { base: { type: 'string', default: '/' } } }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  if (/^\/([\w.-]+\/)*$/.test(values.base)) return values.base
  throw new WrongUsage(`A base begins and ends with a slash, as /docs/ does; ${values.base} does not.`, USAGE)
}

function pages() {
  return readdirSync(built, { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.html'))
}

/** VitePress looks whether pages are there, but not for the headings in them. */
function followAnchors(base) {
  const text = new Map(pages().map((name) => [name, readFileSync(join(built, name), 'utf8')]))
  const lost = []
  for (const [name, html] of text) {
    for (const [, path, anchor] of html.matchAll(/href="(?!\w+:)([^"#]*)#([^"]+)"/g)) {
      const target =
        path === '' ? name : path.startsWith(base) ? path.slice(base.length) : posix.join(posix.dirname(name), path)
      const page = text.get(target === '' ? 'index.html' : target)
      if (page !== undefined && !page.includes(`id="${decodeURIComponent(anchor)}"`))
        lost.push(`${name}: ${path}#${anchor}`)
    }
  }
  if (lost.length === 0) return
  throw new Failure('Links lead to headings that are not there:', { output: lost, advice: 'mend them in the pages.' })
}
