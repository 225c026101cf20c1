// A project as users have it: the packages unpacked from their tarballs, and beside them what every runtime has to do.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../lib/failure.mjs'
import { compileGuest } from '../lib/guest.mjs'
import { root } from '../lib/places.mjs'
import { installTarballs } from '../lib/tarball.mjs'
import { attempt, ending } from '../lib/run.mjs'

/** The guests that the cases load. */
const GUESTS = ['counter', 'echo', 'clock', 'logger', 'functions', 'hostile/sleep']
/** No suite takes longer than so many of its cases may. */
const LONGEST = 10

export class Project {
  #directory = mkdtempSync(join(tmpdir(), 'morphir-extension-host-runtimes-'))
  #suite = join(this.#directory, 'suite')

  /** @param {{ name: string, path: string }[]} tarballs */
  static async with(tarballs, work) {
    const project = new Project()
    try {
      await project.#fill(tarballs)
      return await work(project)
    } finally {
      rmSync(project.#directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    }
  }

  async #fill(tarballs) {
    writeFileSync(join(this.#directory, 'package.json'), '{ "private": true }\n')
    await installTarballs(tarballs, this.#directory)
    cpSync(join(root, '__test__', 'runtimes'), this.#suite, { recursive: true })
    mkdirSync(join(this.#suite, 'guests'))
    for (const name of GUESTS) await compileGuest(`fixtures/${name}.wat`, join(this.#suite, 'guests'))
  }

  /**
   * Runs all cases with a runtime, to the end of its process.
   * @param {import('./runtimes.mjs').Runtime} runtime
   * @returns {Promise<{ passed: number, failed: { name: string, reason: string }[] }>}
   */
  async run({ command: [command, ...args], env, patience = 60_000 }, live) {
    // Compiled by each runtime anew.
    rmSync(join(this.#suite, 'cache'), { recursive: true, force: true })
    const cases = []
    let ended = false
    const onLine = (line) => {
      const said = parsed(line)
      if (said?.ended) ended = true
      else if (said?.name !== undefined) {
        cases.push(said)
        live?.now(said.name)
      }
    }
    const end = await attempt(command, [...args, join(this.#suite, 'suite.mjs')], {
      cwd: this.#directory,
      onLine,
      timeout: LONGEST * patience,
      env: {
        ...env,
        RUNTIME_COMMAND: JSON.stringify([command, ...args]),
        RUNTIME_PATIENCE: String(patience),
        NODE_OPTIONS: '',
      },
    })
    const failed = cases.filter(({ passed }) => !passed)
    if (!ended || end.code !== 0)
      failed.push({
        name: 'ends well',
        reason: `${ending(end, command, ['suite.mjs'])}${ended ? '' : ' before its last case'}`,
      })
    if (cases.length === 0) throw new Failure('The suite said nothing.', { output: end.lines })
    return { passed: cases.filter(({ passed }) => passed).length, failed, lines: end.lines }
  }
}

function parsed(line) {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
