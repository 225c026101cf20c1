// npm test: packages the extension, runs its tests inside of an editor, and then uses it there as a person would, in a browser.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from '../../../scripts/lib/failure.mjs'
import { main } from '../../../scripts/lib/main.mjs'
import { step } from '../../../scripts/lib/step.mjs'
import { green } from '../../../scripts/lib/style.mjs'
import { build, images } from './places.mjs'
import { runInside } from './suite.mjs'
import { installTools } from './tools.mjs'
import { tour } from './tour.mjs'
import { makeVsix } from './vsix.mjs'
import { makeWorkspace } from './workspace.mjs'

const USAGE =
  'npm run test:vscode [-- --pictures], which renews the pictures in docs/images; otherwise they are left in build.'

await main(async () => {
  const pictures = wantsPictures(process.argv.slice(2)) ? images : build
  const vsix = await makeVsix('linux-x64')
  const tools = await installTools()
  const workspace = await makeWorkspace()
  const runSuite = (suite) =>
    step(`Testing inside of the editor, with a folder that is ${suite}`, async (live) => {
      const module = join(build, 'test', `${suite}.js`)
      const place = suite === 'virtual' ? workspace.virtual : workspace.folder
      const { code, lines } = await runInside(tools, module, place, { trusting: suite !== 'untrusted' })
      const passed = lines.filter((line) => /^ok \d/.test(line)).length
      // The editor prints as well.
      const output = lines.filter((line) => /^(ok|not ok|#| {2}\S|\t)/.test(line))
      if (code !== 0 || passed === 0) throw new Failure(`The tests ended with exit code ${code}.`, { output })
      live.note(`${passed} passed`)
    })
  try {
    await runSuite('trusted')
    await runSuite('untrusted')
    await runSuite('virtual')
    await tour({ ...tools, vsix }, workspace.folder, pictures)
  } finally {
    workspace.remove()
  }
  console.log(green('The extension works in the editor.'))
}, USAGE)

function wantsPictures(args) {
  try {
    return parseArgs({ args, options: { pictures: { type: 'boolean', default: false } } }).values.pictures
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
}
