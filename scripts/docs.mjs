// npm run docs: the documentation as a site, from the pages as they are.

import { readFileSync, readdirSync } from 'node:fs'
import { join, posix, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { installPackages, script } from './lib/packages.mjs'
import { root } from './lib/places.mjs'
import { run } from './lib/run.mjs'
import { step } from './lib/step.mjs'

const site = join(root, 'docs', 'site')

const USAGE = `npm run docs [-- --base /path/ --out directory]
  --base  below which path of its server the site will be; / by default
  --out   where it is made, emptied first; dist/site by default
A link that leads nowhere fails.`

const OPTIONS = {
  base: { type: 'string', default: '/' },
  out: { type: 'string', default: join(root, 'dist', 'site') },
}

await main(async () => {
  const { base, out } = optionsOf(process.argv.slice(2))
  const built = resolve(out)
  await installPackages(site)
  await step('Making the site', async (live) => {
    const args = [script('vitepress', { directory: site }), 'build', site]
    await run(process.execPath, args, {
      env: { SITE_BASE: base, SITE_OUT: built },
      lastLines: 100,
      onLine: (line) => live.now(line),
    })
    live.note(`${pages(built).length} pages in ${relative(process.cwd(), built)}`)
  })
  await step('Following its links to headings', () => followAnchors(built, base))
}, USAGE)

function optionsOf(args) {
  let values
  try {
    values = parseArgs({ args, options: OPTIONS }).values
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  if (/^\/([\w.-]+\/)*$/.test(values.base)) return values
  throw new WrongUsage(`A base begins and ends with a slash, as /docs/ does; ${values.base} does not.`, USAGE)
}

function pages(built) {
  return readdirSync(built, { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.html'))
}

/** VitePress looks whether pages are there, but not for the headings in them. */
function followAnchors(built, base) {
  const text = new Map(pages(built).map((name) => [name, readFileSync(join(built, name), 'utf8')]))
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
