import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty directory that goes when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-test-'))
  onTestFinished(() => {
    chmodSync(directory, 0o700)
    // The engine's cache may still be writing.
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  })
  return directory
}
