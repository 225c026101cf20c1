// What an extension's own tests require. Compiled, never run.

import { checkConformance, type Report } from '@finos/morphir-extension-host/conformance'
import required = require('@finos/morphir-extension-host/conformance')

export async function passed(): Promise<boolean> {
  const report: Report = await checkConformance('extension.wasm')
  const [check] = required.checks
  const result = await check?.run('extension.wasm')
  // @ts-expect-error require answers both by name and no default
  void required.default
  return report.passed && result?.outcome === 'passed'
}
