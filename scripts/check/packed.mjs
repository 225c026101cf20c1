// The main package as it is published, through the eyes of those who check packages.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../lib/failure.mjs'
import { script } from '../lib/packages.mjs'
import { size } from '../lib/quantity.mjs'
import { run } from '../lib/run.mjs'
import { step } from '../lib/step.mjs'
import { packMain } from '../lib/tarball.mjs'

export function packed() {
  return step('Checking the package with publint and are-the-types-wrong', async (live) => {
    const stage = mkdtempSync(join(tmpdir(), 'morphir-extension-host-packed-'))
    try {
      const { path, size: bytes, files } = await packMain(stage)
      const stray = files.filter((file) => /\.(node|wasm|rs|ts)$/.test(file) && !file.endsWith('.d.ts'))
      if (stray.length > 0) {
        throw new Failure(`The main package has ${stray.join(', ')}.`, {
          advice: 'addons go to the packages in npm/; mend `files` in package.json.',
        })
      }
      await run(process.execPath, [script('publint'), '--strict', path])
      // Without the resolution of Node.js before 12.7, which knows no `exports`.
      await run(process.execPath, [
        script('@arethetypeswrong/cli', { command: 'attw' }),
        path,
        '--profile',
        'node16',
        '--no-emoji',
      ])
      live.note(`${files.length} files, ${size(bytes)}`)
    } finally {
      rmSync(stage, { recursive: true })
    }
  })
}
