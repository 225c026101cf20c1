import { readFileSync, readdirSync } from 'node:fs'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { programProblem } from './support/commands.ts'

const FOLDER = new URL('../.github/workflows/', import.meta.url)
const NODES = [20, 22, 24, 26]
const platforms = (
  (await import(new URL('../scripts/lib/platforms.mjs', import.meta.url).href)) as { platforms: { name: string }[] }
).platforms.map(({ name }) => name)

interface Step {
  uses?: string
  run?: string
  with?: Record<string, string>
}

interface Job {
  needs?: string | string[]
  if?: string
  permissions?: Record<string, string>
  strategy?: { matrix: { node?: number[]; on?: { platform: string }[]; include?: { platform: string }[] } }
  steps: Step[]
  'timeout-minutes'?: number
}

interface Workflow {
  permissions: Record<string, string>
  defaults: { run: { shell: string } }
  jobs: Record<string, Job>
}

const files = readdirSync(FOLDER)
const workflows = Object.fromEntries(
  files.map((file) => [file, load(readFileSync(new URL(file, FOLDER), 'utf8')) as Workflow]),
)
const release = workflows['release.yml']!
const jobs = Object.entries(workflows).flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ at: `${name} of ${file}`, file, job })),
)
/** What a job runs of ours: its lines, and what containers do in them. */
const commands = jobs.flatMap(({ at, job }) =>
  job.steps
    .flatMap(({ run = '' }) => run.split('\n'))
    .flatMap((line) => /\bnpm (ci|install|test|run) .*$/.exec(line)?.[0] ?? [])
    .map((line) => ({ at, line })),
)
const runs = (name: string) => release.jobs[name]!.steps.flatMap(({ run }) => run ?? [])
const needs = (name: string): string[] => {
  const direct = [release.jobs[name]!.needs ?? []].flat()
  return [...direct, ...direct.flatMap(needs)]
}

describe('the workflows', () => {
  it('run something', () => {
    expect(files.toSorted()).toEqual(['check.yml', 'release.yml', 'site.yml'])
    expect(commands.length).toBeGreaterThan(10)
  })

  it.each(commands)('$at: $line: is a script that there is, with options that it takes', async ({ line }) => {
    const words = line.replaceAll(/\$\{\{.*?\}\}/g, 'x').split(/\s+/)
    expect(await programProblem({ words, folder: '.' })).toBeUndefined()
  })

  it.each(jobs)('$at uses actions of exactly one version, and ends in time', ({ job }) => {
    for (const { uses } of job.steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+\.\d+\.\d+$/)
    expect(job['timeout-minutes']).toBeLessThanOrEqual(90)
  })

  it.each(files)(
    '%s may only read, keeps no secret, names no registry, and gives npm its dashes on Windows',
    (file) => {
      const { permissions, defaults } = workflows[file]!
      expect(permissions).toEqual({ contents: 'read' })
      expect(defaults.run.shell).toBe('bash')
      expect(readFileSync(new URL(file, FOLDER), 'utf8')).not.toMatch(/secrets\.|registry-url|registry\./)
    },
  )

  it('let no job but those that publish do more than read', () => {
    const more = jobs.filter(({ job }) => job.permissions !== undefined)
    expect(Object.fromEntries(more.map(({ at, job }) => [at, job.permissions]))).toEqual({
      'publish of release.yml': { contents: 'read', 'id-token': 'write' },
      'announce of release.yml': { contents: 'write' },
      'publish of site.yml': { pages: 'write', 'id-token': 'write' },
    })
  })
})

describe('a release', () => {
  const built = release.jobs.build!.strategy!.matrix.include!.map(({ platform }) => platform)
  const matrix = (name: string) => release.jobs[name]!.strategy!.matrix

  it('builds every platform, once', () => {
    expect(built.toSorted()).toEqual(platforms.toSorted())
  })

  it('tries every platform, once, with every Node.js that the package is for', () => {
    const tried = ['test', 'test-musl'].flatMap((name) => matrix(name).on!.map(({ platform }) => platform))
    expect(tried.toSorted()).toEqual(platforms.toSorted())
    for (const name of ['test', 'test-musl']) expect(matrix(name).node).toEqual(NODES)
  })

  it('looks at the tag before it builds anything', () => {
    expect(runs('lint')[0]).toBe('npm run check -- --only versions')
    expect(needs('build')).toContain('lint')
  })

  it('publishes from a tag, what was tried on all systems, and runs nothing of others beside it', () => {
    expect(needs('publish')).toEqual(expect.arrayContaining(['lint', 'build', 'test', 'test-musl', 'pack']))
    expect(release.jobs.publish!.if).toBe("github.ref_type == 'tag'")
    expect(runs('publish')).toEqual(['npm run publish:packages'])
    expect(needs('announce')).toContain('publish')
    expect(release.jobs.announce!.steps.flatMap(({ uses }) => uses ?? [])).toEqual(['actions/download-artifact@v5.0.0'])
  })
})
