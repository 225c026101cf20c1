// What loading from a configuration file takes and answers. Compiled, never run.

import { ExtensionHost } from '@finos/morphir-extension-host'
import type { ExtensionError, LoadConfigOptions, LoadConfigResult } from '@finos/morphir-extension-host'
import { same } from './same.mjs'

declare const signal: AbortSignal

class Mine extends ExtensionHost {
  readonly mine = true
}

export async function everything(): Promise<void> {
  const made = await ExtensionHost.fromConfig('morphir.toml')
  same<ExtensionHost>()(made.host)
  const { host, loaded, failed, skipped } = await ExtensionHost.fromConfig(new URL('file:///morphir.toml'), {
    cacheDir: false,
    onLog: (record) => same<string>()(record.message),
    signal,
  })
  same<{ name: string; id: number }[]>()(loaded)
  same<{ name: string; error: ExtensionError }[]>()(failed)
  same<string[]>()(skipped)
  same<Mine>()((await Mine.fromConfig('morphir.toml', {})).host)

  same<LoadConfigResult>()(await host.loadConfig('morphir.toml'))
  const options: LoadConfigOptions = { signal }
  same<LoadConfigResult>()(await host.loadConfig(new URL('file:///morphir.toml'), options))
}

export async function mistakes(host: ExtensionHost): Promise<void> {
  // @ts-expect-error no file
  await ExtensionHost.fromConfig()
  // @ts-expect-error a file is not its contents
  await ExtensionHost.fromConfig(new Uint8Array(3))
  // @ts-expect-error an option there is not
  await ExtensionHost.fromConfig('morphir.toml', { cacheDirectory: 'x' })
  // @ts-expect-error no file
  await host.loadConfig()
  // @ts-expect-error a load has no timeout
  await host.loadConfig('morphir.toml', { timeout: 5 })
  // @ts-expect-error it answers no host
  void (await host.loadConfig('morphir.toml')).host
  // @ts-expect-error it answers more than the host
  void (await ExtensionHost.fromConfig('morphir.toml')).call
}
