import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  scripts: Record<string, string>
}
/** Our own: one file of Node's each. */
const OURS = Object.entries(scripts).filter(([, command]) => command.startsWith('node '))

describe('npm run', () => {
  /** A checkout in which nothing has been installed yet: scripts see to that themselves. */
  let checkout: string

  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), 'morphir-extension-host-test-'))
    for (const path of ['package.json', 'scripts', 'bench', 'lib', join('examples', 'vscode-extension')]) {
      cpSync(join(ROOT, path), join(checkout, path), {
        recursive: true,
        filter: (from) => !['node_modules', 'build'].includes(basename(from)),
      })
    }
  })

  afterAll(() => rmSync(checkout, { recursive: true }))

  it.each(OURS)(
    '%s --help says how it is used, and does nothing, before anything is installed',
    async (name, command) => {
      const [, path] = command.split(' ')
      const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>(
        (resolve) => {
          const child = execFile(
            process.execPath,
            [path!, '--help'],
            { cwd: checkout, timeout: 20_000 },
            (_, stdout, stderr) => {
              resolve({ code: child.exitCode, stdout, stderr })
            },
          )
        },
      )
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain(name === 'test' ? 'npm test' : `npm run ${name}`)
      expect(stdout.split('\n')[0]).toMatch(/\w/)
    },
  )

  it('has help for all but what is not ours', () => {
    expect(OURS.length).toBeGreaterThan(10)
    expect(Object.keys(scripts).filter((name) => !OURS.some(([ours]) => ours === name))).toEqual(['lint'])
  })
})
