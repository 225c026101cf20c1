import { fileURLToPath } from 'node:url'
import { ExtensionHost, type ExtensionConfig, type HostOptions } from '@finos/morphir-extension-host'
import { onTestFinished } from 'vitest'

/** The module that is tested: what the extension's own build leaves. */
export const MODULE = fileURLToPath(new URL('extension.wasm', import.meta.url))

/**
 * A host that is closed when the test ends, whatever became of it. With threads of its own, so that a call that is left over
 * does not keep a worker thread of vitest from ending.
 */
export function newHost(options: HostOptions = {}): ExtensionHost {
  const host = new ExtensionHost({ threads: 2, ...options })
  onTestFinished(() => host.close({ cancel: true }))
  return host
}

/** The extension as its users load it, with the limits that its README promises. */
export function load(host: ExtensionHost, more: Partial<ExtensionConfig> = {}): Promise<number> {
  return host.loadExtension({
    name: 'rename-package',
    source: { type: 'wasm', path: MODULE },
    permissions: { maxMemory: '32MiB', maxExecutionTime: '5s' },
    ...more,
  })
}
