// Takes Morphir packages through the pipeline: node dist/main.js packages/*.json

import { join } from 'node:path'
import { ExtensionError, ExtensionHost } from '@finos/morphir-extension-host'
import { load, run, sharedName, type Progress } from './pipeline.js'
import { steps } from './steps.js'

async function main(files: readonly string[]): Promise<number> {
  if (files.length === 0) {
    console.error('Which packages? Name the IR files: node dist/main.js packages/*.json')
    return 2
  }
  const shared = sharedName(files)
  if (shared !== undefined) {
    console.error(`More than one file is named ${shared}, and so would be its result: take them one after the other.`)
    return 2
  }
  const interrupt = new AbortController()
  // Once: whoever presses Ctrl-C again ends the process the hard way.
  process.once('SIGINT', () => interrupt.abort())

  await using host = new ExtensionHost()
  let written = 0
  let failed = 0
  try {
    // Beside this file's folder, in dist as well as in bundle.
    const loaded = await load(host, steps, join(__dirname, '../extensions'), interrupt.signal)
    for await (const progress of run(host, loaded, files, 'out', interrupt.signal)) {
      if ('written' in progress) written += 1
      if ('error' in progress) failed += 1
      console.log(`${progress.file}: ${inWords(progress)}`)
    }
    console.log(`${written} written, ${failed} failed`)
    return failed > 0 ? 1 : 0
  } catch (error) {
    if (interrupt.signal.aborted) {
      console.error(`Interrupted: ${written} of ${files.length} are written, the others are left as they were.`)
      return 130
    }
    console.error(reasonOf(error))
    return 1
  }
}

function inWords(progress: Progress): string {
  if ('error' in progress) return reasonOf(progress.error)
  if ('written' in progress) return `written to ${progress.written}`
  return `${progress.extension}: ${progress.remark}, ${progress.milliseconds.toFixed(0)} ms`
}

function reasonOf(error: unknown): string {
  if (error instanceof ExtensionError) return `${error.code}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
