import { ExtensionHost } from '@finos/morphir-extension-host'

/** The extensions of a pipeline, loaded once for all packages that come to this process. */
export class Pipeline {
  #host
  #steps

  constructor(host, steps) {
    this.#host = host
    this.#steps = steps
  }

  /** @param {number} instances how many packages are worked on at once */
  static async load(steps, instances = 1) {
    const host = new ExtensionHost()
    try {
      const loads = steps.map(async (step) => {
        const source = { type: 'wasm', path: step.module }
        const permissions = { maxMemory: '256MiB', maxExecutionTime: step.maxExecutionTime ?? '30s' }
        return { ...step, id: await host.loadExtension({ name: step.extension, source, permissions, instances }) }
      })
      return new Pipeline(host, await Promise.all(loads))
    } catch (error) {
      await host.close({ cancel: true })
      throw error
    }
  }

  /** Takes the IR of one package through all steps. An extension that answers no `output` has only looked at it. */
  async run(ir) {
    for (const { id, method, options } of this.#steps) {
      const answer = await this.#host.call(id, method, { ir, options: options(packageNameOf(ir)) })
      ir = answer.output ?? ir
    }
    return ir
  }

  close() {
    return this.#host.close()
  }
}

/** `[["tidewater"],["chartering"]]` → `Tidewater.Chartering` */
export function packageNameOf(ir) {
  const path = ir?.distribution?.[1]
  if (!Array.isArray(path) || !path.every(Array.isArray)) {
    throw new TypeError('This is not Morphir IR: it has no distribution with the name of a package.')
  }
  return path.map((name) => name.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')).join('.')
}
