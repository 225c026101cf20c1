import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

/** An empty directory that goes when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-test-'))
  onTestFinished(async () => {
    chmodSync(directory, 0o700)
    await remove(directory)
  })
  return directory
}

/** Removes a directory in which the engine's cache may still be writing. */
export async function remove(directory: string): Promise<void> {
  for (let round = 0; round < 50 && existsSync(directory); round += 1) {
    try {
      rmSync(directory, { recursive: true, force: true })
    } catch {
      await sleep(50)
    }
  }
}
