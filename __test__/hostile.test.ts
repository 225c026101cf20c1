import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from './support/child.ts'
import { file, wat } from './support/guest.ts'

const directory = new URL('../fixtures/hostile/', import.meta.url)
const guests = readdirSync(directory)
  .filter((name) => name.endsWith('.wat'))
  .map((name) => name.slice(0, -4))

/** What became of one guest and its neighbour. */
interface Report {
  name: string
  /** Of each call: `answered`, or the error's code. Of a load that failed: its code alone. */
  outcomes: string[]
  /** Messages that admit a defect of the host. */
  defects: string[]
  /** What a good method answered after all that, where there is one. */
  echo?: string
  elapsed: number
  neighbour: unknown
}

const SCRIPT = `
  for (const { name, path, echoes } of JSON.parse(process.env.HOSTILE)) {
    print({ begun: name })
    const report = { name, outcomes: [], defects: [] }
    const note = (error) => {
      report.outcomes.push(error instanceof ExtensionError ? error.code : String(error))
      if (/defect|panic/.test(error.message)) report.defects.push(error.message)
    }
    const host = newHost({ onLog: () => {} })
    const neighbour = await load(host, 'counter')
    const since = performance.now()
    const permissions = { maxExecutionTime: 300, maxMemory: '16MiB', maxOutput: '1MiB' }
    const source = { type: 'wasm', path }
    const id = await host.loadExtension({ name, source, lifecycle: 'none', permissions, instances: 2 }).catch(note)
    if (id !== undefined) {
      for (const method of ['attack', 'echo', 'attack', 'echo']) {
        await host.callRaw(id, method, 'some input').then(() => report.outcomes.push('answered'), note)
      }
      if (echoes) report.echo = await host.callRaw(id, 'echo', 'well').then((bytes) => Buffer.from(bytes).toString(), String)
    }
    report.elapsed = performance.now() - since
    report.neighbour = [await host.call(neighbour, 'count'), host.stats(neighbour).generation]
    await host.close({ cancel: true })
    print(report)
  }
`

// What exactly becomes of each is told by the tests of the core. These show that in Node.js, too, nobody else notices.
describe('a hostile guest', () => {
  const reports = new Map<string, Report>()
  const ended = new Map<string, string>()

  beforeAll(async () => {
    const all = await Promise.all(
      guests.map(async (name) => {
        const text = readFileSync(new URL(`${name}.wat`, directory), 'utf8')
        const bytes = await wat(text, `${name}.wat`)
        return { name, path: file(`hostile-${name}`, bytes), echoes: text.includes('(export "echo")') }
      }),
    )
    // One that ends the process does not keep those after it from their turn.
    for (let left = all, rounds = 0; left.length > 0 && rounds <= all.length; rounds += 1) {
      const { code, signal, stderr, printed } = await run(SCRIPT, {
        env: { HOSTILE: JSON.stringify(left) },
        patience: 240_000,
      })
      let begun = ''
      for (const value of printed as (Report & { begun?: string })[]) {
        if (value.begun === undefined) reports.set(value.name, value)
        else begun = value.begun
      }
      if (code !== 0) ended.set(begun, `code ${code}, signal ${signal}: ${stderr}`)
      left = code === 0 ? [] : left.slice(left.findIndex(({ name }) => name === begun) + 1)
    }
  }, 300_000)

  it('exists', () => {
    expect(guests.length).toBeGreaterThan(10)
  })

  it.each(guests)('does no harm to its process and its neighbour: %s', (name) => {
    expect(ended.get(name), 'how the process ended').toBe(undefined)
    const { outcomes, defects, echo, elapsed, neighbour } = reports.get(name)!
    expect(defects).toEqual([])
    expect(outcomes.length).toBeGreaterThan(0)
    for (const outcome of outcomes) expect(outcome).toMatch(/^[A-Za-z]+$/)
    // What answers a good call at all answers it after bad ones too.
    if (echo !== undefined) expect(echo).toBe('well')
    // Six starts and calls that may take 300 ms each, and room for a machine with other work.
    expect(elapsed).toBeLessThan(15_000)
    expect(neighbour).toEqual([101, 1])
  })
})
