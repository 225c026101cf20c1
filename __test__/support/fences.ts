import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A block of code in a page. */
export interface Fence {
  page: string
  line: number
  /** The page and the line, as editors and terminals link them. */
  place: string
  language: string
  /** Why it cannot be run, which stands behind its language: `js not run: <reason>`. */
  reason?: string
  /** What else stands there. */
  info: string
  code: string
}

/** The pages of which every block is looked at. */
export const pages: string[] = [
  ...['README.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readmes('examples'),
]

/** The READMEs of the examples; a package that is installed in one has its own. */
function readmes(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return ['node_modules', 'target', 'build'].includes(entry.name) ? [] : readmes(path)
    return entry.name === 'README.md' ? [path] : []
  })
}

export const fences: Fence[] = pages.flatMap((page) => fencesOf(page, readFileSync(join(ROOT, page), 'utf8')))

export function fencesOf(page: string, text: string): Fence[] {
  return [...text.matchAll(/^( *)```(\S*) ?(.*)\n([\s\S]*?)^\1```$/gm)].map((found) => {
    const [, indent, language, info, code] = found as unknown as [string, string, string, string, string]
    const line = text.slice(0, found.index).split('\n').length
    const reason = /^not run: (.+)/.exec(info)?.[1]
    const fence: Fence = {
      page,
      line,
      place: `${page}:${line}`,
      language,
      info,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }
    if (reason !== undefined) fence.reason = reason
    return fence
  })
}

/** The fence that follows another one with nothing but blank lines, or a word such as `prints`, between them. */
export function following(fence: Fence): Fence | undefined {
  const next = fences[fences.indexOf(fence) + 1]
  const lines = fence.code.split('\n').length
  return next?.page === fence.page && next.line - fence.line <= lines + 4 ? next : undefined
}

export const folderOf = ({ page }: Fence) => (page.startsWith('examples/') ? dirname(page) : '.')
