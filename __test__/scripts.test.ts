import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  scripts: Record<string, string>
}
/** Our own: one file of Node's each. */
const OURS = Object.entries(scripts).filter(([, command]) => command.startsWith('node '))

describe('npm run', () => {
  it.each(OURS)('%s --help says how it is used, and does nothing', async (name, command) => {
    const [, path] = command.split(' ')
    const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>(
      (resolve) => {
        const child = execFile(
          process.execPath,
          [path!, '--help'],
          { cwd: ROOT, timeout: 20_000 },
          (_, stdout, stderr) => {
            resolve({ code: child.exitCode, stdout, stderr })
          },
        )
      },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(name === 'test' ? 'npm test' : `npm run ${name}`)
    expect(stdout.split('\n')[0]).toMatch(/\w/)
  })

  it('has help for all but what is not ours', () => {
    expect(OURS.length).toBeGreaterThan(10)
    expect(Object.keys(scripts).filter((name) => !OURS.some(([ours]) => ours === name))).toEqual(['lint'])
  })
})
