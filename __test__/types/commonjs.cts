// What a CommonJS module imports. Compiled, never run.

import { ExtensionError, ExtensionHost, type ErrorCode } from '@finos/morphir-extension-host'
import required = require('@finos/morphir-extension-host')

const dynamic = import('@finos/morphir-extension-host')

export async function everything(): Promise<ErrorCode | undefined> {
  await using host = new ExtensionHost({ maxConcurrentCalls: 1 })
  const other: ExtensionHost = new required.ExtensionHost({ cacheDir: false })
  const third: ExtensionHost = new (await dynamic).ExtensionHost()
  const id: number = await host.loadExtension({ name: 'x', source: { type: 'wasm', path: 'x.wasm' } })
  try {
    const result: { ir: object } = await host.call<{ ir: object }>(id, 'transform')
    const outcomes: PromiseSettledResult<boolean>[] = await other.callMany<boolean>(id, 'check', [1], { settled: true })
    const bytes: Uint8Array = await third.callRaw(id, 'transform', JSON.stringify(result))
    // @ts-expect-error an id is a number
    await host.call('1', 'transform', [outcomes, bytes])
  } catch (error) {
    if (error instanceof ExtensionError || error instanceof required.ExtensionError) return error.code
    throw error
  }
  // @ts-expect-error it exports two classes, and no functions
  void required.loadExtension
  // @ts-expect-error require answers the two classes and no default
  void required.default
  return undefined
}
