// examples/toolchain: the projects that use the package, installed from its tarballs.

import { spawn } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Failure } from '../lib/failure.mjs'
import { root } from '../lib/places.mjs'
import { step } from '../lib/step.mjs'
import { compilePackages } from './models.mjs'
import { placeModule, placeModules } from './modules.mjs'
import { install } from './npm.mjs'

export const source = join(root, 'examples', 'toolchain')
const PROJECTS = ['esm', 'commonjs', 'vitest']
/** Whoever tried things in a project itself has these there; they are not part of it. */
const MADE = new Set(['node_modules', 'dist', 'bundle', 'out', 'extensions'])
/** More packages than can be done before the interrupt arrives. */
const MANY = 500

/** Lays out the projects in a directory, with the extensions and the packages that they work on. */
export async function prepare(directory, tarballs) {
  await compilePackages(join(source, 'packages'), join(directory, 'packages'))
  for (const project of PROJECTS) {
    const folder = join(directory, project)
    cpSync(join(source, project), folder, {
      recursive: true,
      filter: (path) => !MADE.has(basename(path)),
    })
    await step(`Installing the project ${project}`, (live) => install(folder, tarballs, live))
  }
  for (const project of ['esm', 'commonjs']) placeModules(join(directory, project, 'extensions'))
  placeModule('rename-package', join(directory, 'vitest', 'extension.wasm'))
}

/** What a session cannot show: Ctrl-C while packages are worked on, and that only one file is different in CommonJS. */
export async function check(directory) {
  for (const file of ['ir.ts', 'steps.ts', 'pipeline.ts']) {
    const [one, other] = ['esm', 'commonjs'].map((project) => readFileSync(join(source, project, 'src', file)))
    if (!one.equals(other)) throw new Failure(`src/${file} is not the same in esm and in commonjs.`)
  }
  for (const project of ['esm', 'commonjs']) {
    await step(`${project}: Ctrl-C`, async (live) => live.note(await interrupted(join(directory, project))))
  }
}

async function interrupted(cwd) {
  const many = join(cwd, 'many')
  mkdirSync(many)
  const files = Array.from({ length: MANY }, (_, index) => join('many', `${index}.json`))
  for (const file of files) copyFileSync(join(cwd, '../packages/chartering.json'), join(cwd, file))
  const child = spawn(process.execPath, ['dist/main.js', ...files], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text))
  const end = new Promise((resolve) => child.once('close', (code) => resolve(code)))
  let interrupts = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    // Once: a second Ctrl-C would end it the hard way.
    if (line.includes('written to') && interrupts++ === 0) child.kill('SIGINT')
  })
  const code = await end
  rmSync(many, { recursive: true })
  const [, written] = /^Interrupted: (\d+) of \d+ are written/.exec(complaint) ?? []
  if (code !== 130 || !(Number(written) > 0 && Number(written) < MANY)) {
    throw new Failure(`A pipeline that is interrupted ended with exit code ${code}.`, { output: complaint.split('\n') })
  }
  return complaint.trim()
}
