import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One cache for all tests, so that each guest is compiled once: not the user's own. */
export default function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-tests-'))
  process.env.MORPHIR_TEST_CACHE = directory
  return () => rmSync(directory, { recursive: true, force: true })
}
