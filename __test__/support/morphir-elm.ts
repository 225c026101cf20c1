import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const compiler = fileURLToPath(
  new URL('../../examples/model/node_modules/morphir-elm/cli2/Morphir.Elm.CLI.js', import.meta.url),
)
/** It comes with the packages of the example model. */
export const hasMorphirElm = existsSync(compiler)

interface Port<T> {
  send(value: unknown): void
  subscribe(listener: (value: T) => void): void
}
type Answer = [error: string[] | null, files: [[string[], string], string][] | null]
interface Ports {
  stats: Port<never>
  statsResult: Port<Answer>
  generate: Port<never>
  generateResult: Port<Answer>
  jsonDecodeError: Port<string>
}

/** What a back end made: files by their names, or what it cannot map. */
export type Made = { files: Record<string, string> } | { errors: string[] }

/** morphir-elm's back ends, without its command line: as a program that runs once and answers many times. */
export class MorphirElm {
  readonly #ports: Ports
  #settle: (made: Made) => void = () => {}
  #fail: (error: Error) => void = () => {}

  constructor() {
    // It greets whoever loads it.
    const warn = console.warn
    console.warn = () => {}
    try {
      const { Elm } = createRequire(import.meta.url)(compiler) as {
        Elm: { Morphir: { Elm: { CLI: { init(): { ports: Ports } } } } }
      }
      this.#ports = Elm.Morphir.Elm.CLI.init().ports
    } finally {
      console.warn = warn
    }
    const settle = ([errors, files]: Answer) => {
      if (files === null) this.#settle({ errors: errors ?? [] })
      else this.#settle({ files: Object.fromEntries(files.map(([[, file], content]) => [file, content])) })
    }
    this.#ports.statsResult.subscribe(settle)
    this.#ports.generateResult.subscribe(settle)
    this.#ports.jsonDecodeError.subscribe((why) => this.#fail(new Error(`morphir-elm cannot read the IR: ${why}`)))
  }

  stats(ir: unknown): Promise<Made> {
    return this.#ask(() => this.#ports.stats.send(ir))
  }

  jsonSchema(ir: unknown): Promise<Made> {
    const options = { target: 'JsonSchema', filename: '', limitToModules: null, include: null }
    return this.#ask(() => this.#ports.generate.send([options, ir, []]))
  }

  #ask(send: () => void): Promise<Made> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve
      this.#fail = reject
      send()
    })
  }
}
