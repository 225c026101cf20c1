// Each runner runs its tests to the end, however many fail, and answers `{ tally, lines }`: the counts, and what it printed
// if they are not all good.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { cargoProgress, isProgress, locked } from '../lib/cargo.mjs'
import { Failure } from '../lib/failure.mjs'
import { script } from '../lib/packages.mjs'
import { examplesTarget, root } from '../lib/places.mjs'
import { attempt, ending } from '../lib/run.mjs'
import { add, atLeastOneFailed, ofCargo, ofVitest } from './tally.mjs'

export async function rustTests({ env, host }, live) {
  // The triple and the profile of the build, to share what it compiled.
  const args = ['test', '--release', '--target', host, '--workspace', '--no-fail-fast', ...locked]
  return cargoTest(args, { env }, live)
}

/** Natively, where a test is a function call; what the module does in a host, the other tests show. */
export async function extensionTests(directory, { env }, live) {
  // Morphir's SDK asks for a newer compiler than it needs.
  const options = ['--locked', '--ignore-rust-version', '--no-fail-fast']
  const args = ['test', ...options, '--target-dir', examplesTarget]
  return cargoTest(args, { cwd: directory, env }, live)
}

/** With the Node.js that runs this, or another one. */
export async function javascriptTests(live, { node = process.execPath, timeout } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-vitest-'))
  try {
    const report = join(directory, 'report.json')
    const args = [script('vitest'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const onLine = (line) => live.now(line.trim())
    // What tests start by name is the same Node.js.
    const env = { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` }
    const end = await attempt(node, args, { onLine, env, timeout })
    return conclude(end, ofVitest(report), ending(end, process.execPath, args))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** One test for each compiler and way of resolving modules. */
export async function typeTests(live) {
  const directory = join(root, '__test__', 'types')
  const configurations = existsSync(directory)
    ? readdirSync(directory).filter((name) => /^tsconfig.*\.json$/.test(name))
    : []
  if (configurations.length === 0) throw new Failure('There is no __test__/types/tsconfig*.json.')
  const results = []
  for (const compiler of ['typescript', 'typescript-5']) {
    for (const configuration of configurations) {
      live.now(`${compiler}, ${configuration}`)
      const args = [
        script(compiler, { command: 'tsc' }),
        '--noEmit',
        '--pretty',
        'false',
        '-p',
        join(directory, configuration),
      ]
      const end = await attempt(process.execPath, args)
      const tally = { passed: end.code === 0 ? 1 : 0, failed: 0, skipped: 0 }
      const lines = [`${compiler} with ${basename(configuration)}:`, ...end.lines]
      results.push(conclude({ ...end, lines }, tally, ending(end, process.execPath, args)))
    }
  }
  return { tally: add(results.map(({ tally }) => tally)), lines: results.flatMap(({ lines }) => lines) }
}

async function cargoTest(args, options, live) {
  const progress = cargoProgress(live)
  const onLine = (line) => (/^test .* \.\.\. /.test(line) ? live.now(line) : progress(line))
  const end = await attempt('cargo', args, { ...options, onLine })
  const telling = end.lines.filter((line) => !isProgress(line) && !/^test .* \.\.\. (ok|ignored)/.test(line))
  return conclude({ ...end, lines: telling }, ofCargo(end.lines), ending(end, 'cargo', args))
}

function conclude({ code, lines }, tally, sentence) {
  if (code === 0 && tally.failed === 0) return { tally, lines: [] }
  return { tally: atLeastOneFailed(tally), lines: [...lines, `${sentence}.`] }
}
