// Packages from PyPI, which also has compilers: each in a folder of its own below .toolchains, so that nobody needs to be root.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../lib/places.mjs'
import { attempt, run } from '../../lib/run.mjs'

export const toolchains = join(root, '.toolchains')
const windows = process.platform === 'win32'

/** A virtual environment with the packages that a requirements file pins by version and hash. */
export class Venv {
  #directory
  #requirements

  constructor(name, requirements) {
    this.#directory = join(toolchains, name)
    this.#requirements = requirements
  }

  get python() {
    return join(this.#directory, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']))
  }

  /** Whether it was installed to its end, from these very requirements. */
  get complete() {
    const installed = join(this.#directory, 'requirements.txt')
    return existsSync(installed) && readFileSync(installed).equals(readFileSync(this.#requirements))
  }

  /** Where a package's file or folder lies. */
  async fileOf(name, path) {
    const find =
      'import importlib.util, sys; print(importlib.util.find_spec(sys.argv[1]).submodule_search_locations[0])'
    const { stdout } = await run(this.python, ['-c', find, name])
    return join(stdout[0], path)
  }

  async install(live) {
    const onLine = (line) => live.now(line.trim())
    rmSync(this.#directory, { recursive: true, force: true })
    await run(windows ? 'python' : 'python3', ['-m', 'venv', this.#directory], {
      onLine,
      advice: 'install Python 3 with its module venv; on Debian and Ubuntu: apt-get install python3-venv.',
    })
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--require-hashes', '-r', this.#requirements]
    await run(this.python, pip, { onLine, advice: 'check that PyPI can be reached, then run it again.' })
    writeFileSync(join(this.#directory, 'requirements.txt'), readFileSync(this.#requirements))
  }
}

/** Whether there is a Python that can make one. */
export async function hasPython() {
  return (await attempt(windows ? 'python' : 'python3', ['-c', 'import venv, ensurepip'])).code === 0
}
