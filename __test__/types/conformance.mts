// What an extension's own tests import. Compiled, never run.

import conformance, { checkConformance, checks } from '@finos/morphir-extension-host/conformance'
import type {
  Check,
  CheckName,
  CheckResult,
  ConformanceOptions,
  ConformanceSource,
  Report,
} from '@finos/morphir-extension-host/conformance'
import type { LogRecord, Permissions, Source } from '@finos/morphir-extension-host'
import { same } from './same.mjs'

// oxlint-disable import/no-named-as-default-member -- both ways lead to the same
same<typeof checks>()(conformance.checks)
same<typeof checkConformance>()(conformance.checkConformance)
same<readonly Check[]>()(checks)

const source: Source = { type: 'wasm', path: 'extension.wasm', sha256: '0'.repeat(64) }
export const sources: ConformanceSource[] = ['extension.wasm', new URL('file:///x.wasm'), new Uint8Array(8), source]

export async function checked(): Promise<boolean> {
  const permissions: Permissions = { maxMemory: '64MiB' }
  const options: ConformanceOptions = {
    config: { level: 3 },
    method: 'check',
    params: { check: { rules: [1] } },
    permissions,
    functions: { 'extism:host/user': { find: async (name: string) => name } },
    only: ['loads', 'echo'],
    cacheDir: false,
    onResult: ({ name, remark }) => {
      same<CheckName>()(name)
      same<string | undefined>()(remark)
    },
  }
  const report: Report = await checkConformance(source, options)
  same<{ bytes: number; sha256: string } | undefined>()(report.module)
  for (const { outcome, error, log, milliseconds } of report.checks) {
    same<'passed' | 'failed' | 'skipped'>()(outcome)
    same<Error | undefined>()(error)
    same<LogRecord[]>()(log)
    same<number>()(milliseconds)
  }
  return report.passed
}

export async function oneByOne(): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const { run } of checks) results.push(await run('extension.wasm', { config: {} }))
  // @ts-expect-error a check by itself is the only one
  await checks[0]?.run('extension.wasm', { only: ['loads'] })
  // @ts-expect-error there is no such check
  await checkConformance('extension.wasm', { only: ['speed'] })
  // @ts-expect-error params are given by method
  await checkConformance('extension.wasm', { params: 'x' })
  // @ts-expect-error the source is missing
  await checkConformance()
  return results
}
