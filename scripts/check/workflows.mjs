// The workflows of GitHub's, which run nowhere else, through the eyes of actionlint. What they run is checked by __test__/workflows.test.ts.

import { Failure } from '../lib/failure.mjs'
import { attempt, ending } from '../lib/run.mjs'
import { step } from '../lib/step.mjs'

const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'
/** To fetch and compile it takes seconds; a network that hangs is not to hold the other checks. */
const PATIENCE = 120_000

export function workflows() {
  return step('Checking the workflows with actionlint', async (live) => {
    // A newer Go than there is would be a download of its own.
    const env = { GOTOOLCHAIN: 'local', GOFLAGS: '' }
    const help = await attempt('go', ['run', ACTIONLINT, '-version'], { env, timeout: PATIENCE })
    if (help.code !== 0)
      return live.note(`skipped: ${help.missing ? 'there is no Go to run it' : 'Go cannot fetch it'}`)
    // What a shell script lacks would depend on whether its linter is installed here.
    const args = ['run', ACTIONLINT, '-no-color', '-shellcheck=', '-pyflakes=']
    const end = await attempt('go', args, { env, timeout: PATIENCE })
    if (end.code === 0) return
    throw new Failure(`${ending(end, 'go', args)}.`, { output: end.lines, advice: 'mend the workflow it names.' })
  })
}
