import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory for all tests, with one cache, so that each guest is compiled once: not the user's own. */
export default function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-tests-'))
  // Some tests start processes as another user, who reads the guests.
  chmodSync(directory, 0o755)
  process.env.MORPHIR_TEST_DIRECTORY = directory
  process.env.MORPHIR_TEST_CACHE = join(directory, 'cache')
  return () => rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}
