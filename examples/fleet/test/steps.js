// The pipeline, and behind it an extension that some packages are poison to. FLEET_TEST is where its module is.

import { pathToFileURL } from 'node:url'
import { steps as own } from '../src/steps.js'

export const steps = [
  ...own,
  {
    extension: 'picky',
    module: new URL('picky.wasm', pathToFileURL(`${process.env.FLEET_TEST}/`)),
    method: 'inspect',
    options: () => ({}),
    maxExecutionTime: '1s',
  },
]
