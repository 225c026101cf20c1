import { describe, expect, it } from 'vitest'
import { wat } from './support/guest.ts'
import { load, loadPlain, newHost } from './support/host.ts'
import { rejection } from './support/promise.ts'

interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/** Reads the text format as its specification says, and stops at a line that it does not allow. */
function parse(text: string): { samples: Sample[]; types: Map<string, string> } {
  const samples: Sample[] = []
  const types = new Map<string, string>()
  const helped = new Set<string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line)
    if (comment !== null) {
      const [, kind, name, rest] = comment as unknown as [string, string, string, string]
      if (kind === 'HELP') helped.add(name)
      else types.set(name, rest)
      continue
    }
    const parts = /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\["\\n])*",?)+)\})? (\d+(?:\.\d+)?)$/.exec(line)
    if (parts === null) throw new Error(`This is no line of the format: ${line}`)
    const [, name, written = '', value] = parts as unknown as [string, string, string | undefined, string]
    const labels: Record<string, string> = {}
    for (const [, label, escaped] of written.matchAll(/([a-z]+)="((?:[^"\\]|\\["\\n])*)"/g)) {
      labels[label!] = escaped!.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
    }
    const family = name.replace(/_(bucket|sum|count)$/, '')
    expect(types.get(name) ?? types.get(family), `a type of ${name} before its samples`).toBeDefined()
    expect(helped.has(name) || helped.has(family)).toBe(true)
    samples.push({ name, labels, value: Number(value) })
  }
  return { samples, types }
}

function find(samples: Sample[], name: string, labels: Record<string, string> = {}): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  expect(found.length).toBeLessThanOrEqual(1)
  return found[0]?.value
}

describe('metrics()', () => {
  it('of a host with nothing loaded says so', () => {
    const { samples, types } = parse(newHost().metrics())
    expect(find(samples, 'morphir_extensions')).toBe(0)
    expect(types.get('morphir_extensions')).toBe('gauge')
    expect(types.get('morphir_extension_calls_total')).toBe('counter')
    expect(types.get('morphir_extension_call_duration_seconds')).toBe('histogram')
  })

  it('count calls by extension, method and status, and errors by code', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { name: 'shop' })
    await host.call(id, 'count')
    await host.callMany(id, 'count', [1, 2])
    await rejection(host.call(id, 'fail'))
    await rejection(host.call(id, 'trap'))
    await rejection(host.call(id, 'trap'))
    const { samples } = parse(host.metrics())
    const of = { extension: 'shop', id: String(id) }
    const calls = (method: string, status: string) =>
      find(samples, 'morphir_extension_calls_total', { ...of, method, status })
    expect([calls('count', 'success'), calls('count', 'error')]).toEqual([3, 0])
    expect([calls('fail', 'success'), calls('fail', 'error')]).toEqual([0, 1])
    expect(calls('loop', 'success')).toBe(undefined)
    expect(find(samples, 'morphir_extension_errors_total', { method: 'trap', code: 'Trap' })).toBe(2)
    expect(find(samples, 'morphir_extension_faults_total', of)).toBe(2)
    expect(find(samples, 'morphir_extensions')).toBe(1)
    expect(find(samples, 'morphir_extension_load_duration_seconds_count')).toBe(1)
    expect(find(samples, 'morphir_extension_peak_memory_bytes', of)).toBe(host.stats(id).peakMemory)
  })

  it('tell durations in seconds, in buckets that add up', async () => {
    const host = newHost()
    const id = await load(host, 'clock')
    await host.call(id, 'spin', 20)
    await host.call(id, 'spin', 1)
    const { samples } = parse(host.metrics())
    const name = 'morphir_extension_call_duration_seconds'
    const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
    const ends = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)))
    expect(ends).toEqual(ends.toSorted((one, other) => one - other))
    const counts = buckets.map(({ value }) => value)
    expect(counts).toEqual(counts.toSorted((one, other) => one - other))
    expect(counts.at(-1)).toBe(2)
    expect(find(samples, `${name}_count`)).toBe(2)
    expect(find(samples, `${name}_sum`)).toBeGreaterThanOrEqual(0.021)
    // A millisecond of spinning is in no bucket below one.
    expect(buckets.find(({ labels }) => labels.le === '0.000262144')!.value).toBe(0)
    expect(find(samples, 'morphir_extension_queue_duration_seconds_count')).toBe(2)
  })

  it('count what was refused, what failed to load, and what waits', async () => {
    const host = newHost()
    const id = await load(host, 'counter', { maxQueue: 1 })
    await rejection(load(host, 'lifecycle', { config: { do: 't' } }))
    const controller = new AbortController()
    const calls = [1, 2].map(() => rejection(host.call(id, 'loop', undefined, { signal: controller.signal })))
    await rejection(host.call(id, 'count'))
    const { samples } = parse(host.metrics())
    expect(find(samples, 'morphir_extension_calls_refused_total')).toBe(1)
    const [waiting, running] = ['waiting', 'running'].map((what) => find(samples, `morphir_extension_calls_${what}`))
    expect(waiting! + running!).toBe(2)
    expect(find(samples, 'morphir_extension_load_errors_total', { code: 'InitializationFailed' })).toBe(1)
    controller.abort()
    await Promise.all(calls)
  })

  it('tell extensions of one name apart, and forget those that are unloaded', async () => {
    const host = newHost()
    const ids = [await load(host, 'counter'), await load(host, 'counter')] as const
    for (const id of ids) await host.call(id, 'count')
    const calls = () =>
      parse(host.metrics())
        .samples.filter(({ name, labels }) => name === 'morphir_extension_calls_total' && labels.status === 'success')
        .map(({ labels }) => labels.id)
    expect(calls()).toEqual(ids.map(String))
    await host.unloadExtension(ids[0])
    expect(calls()).toEqual([String(ids[1])])
  })

  it('escape whatever a module calls its methods, and whatever extensions are called', async () => {
    const method = 'a "quoted"\\name\nmorphir_extensions 99'
    const written = method.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\0a')
    const host = newHost()
    const name = 'x",id="99"} 1 \\'
    const id = await loadPlain(host, await wat(`(module (func (export "${written}")))`), { name })
    await host.callRaw(id, method)
    const { samples } = parse(host.metrics())
    const labels = { extension: name, id: String(id), method }
    expect(find(samples, 'morphir_extension_calls_total', { ...labels, status: 'success' })).toBe(1)
    expect(find(samples, 'morphir_extensions')).toBe(1)
  })
})
