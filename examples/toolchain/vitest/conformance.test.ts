// One test for each check of the protocol. A check that does not apply, such as echo here, is skipped with its reason.

import { checks } from '@finos/morphir-extension-host/conformance'
import { test } from 'vitest'
import { MODULE } from './host'

test.for(checks)('$title', { timeout: 60_000 }, async ({ run }, { skip }) => {
  const { outcome, remark, error } = await run(MODULE, { config: { to: 'AcmeRegs' } })
  if (outcome === 'skipped') skip(remark)
  if (outcome === 'failed') throw new Error(remark, { cause: error })
})
