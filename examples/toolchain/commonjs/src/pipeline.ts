import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { ReadableStream } from 'node:stream/web'
import type { ExtensionHost } from '@finos/morphir-extension-host'
import { packageNameOf, readIr } from './ir.js'
import type { Answer, Step } from './steps.js'

/** What just happened to a package: one of its steps is done, all are and it is written, or one failed. */
export type Progress = { file: string } & (
  { extension: string; remark: string; milliseconds: number } | { written: string } | { error: unknown }
)

export interface LoadedStep extends Step {
  id: number
}

/** How many packages are worked on at once; as many need instances of the same extension. */
const PARALLEL = availableParallelism()

/** Loads the modules of all steps, side by side. */
export function load(
  host: ExtensionHost,
  steps: readonly Step[],
  directory: string,
  signal: AbortSignal,
): Promise<LoadedStep[]> {
  return Promise.all(
    steps.map(async (step) => {
      const source = { type: 'wasm', path: join(directory, `${step.extension}.wasm`) } as const
      const permissions = { maxMemory: '100MB', maxExecutionTime: '10s' }
      const config = { name: step.extension, source, permissions, instances: PARALLEL }
      return { ...step, id: await host.loadExtension(config, { signal }) }
    }),
  )
}

/**
 * Takes packages through all steps, several at once, and tells of each step as it ends. A package that fails keeps no other from going
 * on. An abort stops the calls that run and ends the stream with the signal's reason; leaving the loop that reads it stops them as well.
 */
export function run(
  host: ExtensionHost,
  steps: readonly LoadedStep[],
  files: readonly string[],
  output: string,
  signal: AbortSignal,
): ReadableStream<Progress> {
  const left = new AbortController()
  const stop = AbortSignal.any([signal, left.signal])
  return new ReadableStream<Progress>({
    async start(stream) {
      await mkdir(output, { recursive: true })
      // All lanes draw from one queue: whoever is done with a package takes the next.
      const queue = files.values()
      const lane = async () => {
        for (const file of queue) {
          try {
            for await (const progress of through(host, steps, file, output, stop)) stream.enqueue({ file, ...progress })
          } catch (error) {
            if (stop.aborted) return
            stream.enqueue({ file, error })
          }
        }
      }
      // Not awaited: nobody can read a stream that has not started.
      void Promise.all(Array.from({ length: PARALLEL }, lane)).then(() => {
        if (signal.aborted) stream.error(signal.reason)
        else if (!left.signal.aborted) stream.close()
      })
    },
    cancel() {
      left.abort()
    },
  })
}

/** The name that two files have in common, whose results would be one file. */
export function sharedName(files: readonly string[]): string | undefined {
  const names = files.map((file) => basename(file))
  return names.find((name, index) => names.indexOf(name) !== index)
}

/** Takes one package through all steps. */
async function* through(
  host: ExtensionHost,
  steps: readonly LoadedStep[],
  file: string,
  output: string,
  signal: AbortSignal,
) {
  let ir = await readIr(file)
  for (const { id, extension, method, options, remark } of steps) {
    const started = performance.now()
    const answer = await host.call<Answer>(id, method, { ir, options: options(packageNameOf(ir)) }, { signal })
    ir = answer.output ?? ir
    yield { extension, remark: remark(answer), milliseconds: performance.now() - started }
  }
  const written = join(output, basename(file))
  await writeFile(written, JSON.stringify(ir), { signal })
  yield { written }
}
