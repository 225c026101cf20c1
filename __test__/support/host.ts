import { onTestFinished } from 'vitest'
import { ExtensionHost, type ExtensionConfig, type HostOptions } from '@finos/morphir-extension-host'
import { guest } from './guest.ts'

/** A host that is closed when the test ends, whatever became of it. */
export function newHost(options: HostOptions = {}): ExtensionHost {
  const host = new ExtensionHost({ cacheDir: process.env.MORPHIR_TEST_CACHE, ...options })
  onTestFinished(() => host.close({ cancel: true }))
  return host
}

/** Loads the guest of this name. */
export async function load(host: ExtensionHost, name: string, config: Partial<ExtensionConfig> = {}): Promise<number> {
  return host.loadExtension({ name, source: { type: 'wasm', bytes: await guest(name) }, ...config })
}

/** Loads a module that is a plain Extism plug-in. */
export function loadPlain(
  host: ExtensionHost,
  bytes: Uint8Array,
  config: Partial<ExtensionConfig> = {},
): Promise<number> {
  return host.loadExtension({ name: 'inline', source: { type: 'wasm', bytes }, lifecycle: 'none', ...config })
}
