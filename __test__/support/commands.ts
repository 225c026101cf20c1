import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, folderOf, type Fence } from './fences.ts'

/** One command of a block, and the folder that it is given in. */
export interface Command {
  words: string[]
  folder: string
}

const NPM = new Set(['ci', 'install', 'init', 'test', 'start', 'login', 'trust'])
const SYSTEM = new Set([
  'cargo',
  'rustup',
  'go',
  'tinygo',
  'zig',
  'clang-22',
  'extism-js',
  'extism-py',
  'code',
  'git',
  'esbuild',
])
const SHELL = new Set(['cat', 'cp', 'mkdir', 'rm', 'echo', 'printf', 'cd'])

/** The commands of a block. In a session they stand behind `$`, else each line is one. */
export function commandsOf(fence: Fence): Command[] {
  const text = fence.code.replaceAll(/\\\n\s*/g, '')
  const session = /^\$ /m.test(text)
  const lines = text.split('\n').filter((line) => !session || line.startsWith('$ '))
  let folder = folderOf(fence)
  const project = /^console (?!\.$)(\S+)/.exec(`${fence.language} ${fence.info}`)?.[1]
  if (project !== undefined) folder = join(folder, project)
  return lines
    .map((line) => line.replace(/^\$ /, '').replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => line.split(/ && | \| | & /))
    .map((line) => words(line).filter((word) => !/^[A-Z_]+=/.test(word)))
    .filter((found) => found.length > 0)
    .flatMap((found) => {
      if (found[0] !== 'cd') return [{ words: found, folder }]
      const next = [join(ROOT, folder, found[1]!), join(ROOT, found[1]!)].find((path) => existsSync(path))
      if (next !== undefined) folder = next.slice(ROOT.length)
      return []
    })
}

/** Words as a shell has them; what it would do with quotes inside of words does not matter here. */
const words = (line: string) => line.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? []

/** What is wrong with a command: a sentence, or nothing. */
export async function programProblem({ words: [program, ...rest], folder }: Command): Promise<string | undefined> {
  if (program === 'npm') return npmProblem(rest, folder)
  if (program === 'npx') return npxProblem(rest, folder)
  if (program === 'node') {
    const path = rest.find((word) => !word.startsWith('-'))
    // What a build makes is not there before it.
    const there = [folder, '.'].some((each) => existsSync(join(ROOT, each, path!))) || /^(dist|bundle)\//.test(path!)
    return there ? undefined : `There is no file ${path} in ${folder}.`
  }
  if (SYSTEM.has(program!) || SHELL.has(program!) || /^[./]/.test(program!)) return undefined
  return `This test does not know the program ${program}.`
}

async function npmProblem([name, ...rest]: string[], folder: string): Promise<string | undefined> {
  const script = name === 'run' ? rest[0]! : name === 'test' || name === 'start' ? name : undefined
  if (script === undefined) return NPM.has(name!) ? undefined : `There is no npm ${name} here.`
  const place = [folder, '.'].find((each) => manifest(each).scripts?.[script] !== undefined)
  if (place === undefined) return `There is no script ${script} in ${folder}/package.json.`
  const flags = flagsOf(rest)
  if (flags.length === 0 || place !== '.') return undefined
  const [, path] = manifest('.').scripts![script]!.split(' ')
  return unknown(flags, await help([join(ROOT, path!)]), script)
}

async function npxProblem([name, ...rest]: string[], folder: string): Promise<string | undefined> {
  if (!/^(@finos\/)?morphir-extension-host$/.test(name!)) {
    if (SYSTEM.has(name!)) return undefined
    const there = [folder, '.'].some((each) => existsSync(join(ROOT, each, 'node_modules', '.bin', name!)))
    return there ? undefined : `There is no command ${name} in ${folder}/node_modules.`
  }
  const bin = join(ROOT, 'bin', 'morphir-extension-host.mjs')
  const [command] = rest
  const commands = await help([bin])
  if (!new RegExp(`^ +${command} `, 'm').test(commands)) return `There is no command ${command}.`
  return unknown(flagsOf(rest), await help([bin, command!]), command!)
}

/** Options, without what follows `=`; `--` alone is npm's. */
const flagsOf = (rest: string[]) => rest.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=', 1)[0]!)

function unknown(flags: string[], text: string, name: string): string | undefined {
  const known = new Set(text.match(/--[a-z][a-z-]*/g))
  const wrong = flags.filter((flag) => !known.has(flag))
  return wrong.length === 0 ? undefined : `${name} takes no ${wrong.join(', ')}.`
}

const answers = new Map<string, Promise<string>>()

/** What a script says for `--help`; some say it because they do not know that option. */
function help(args: string[]): Promise<string> {
  const key = args.join(' ')
  let answer = answers.get(key)
  if (answer === undefined) {
    answer = new Promise((resolve) => {
      execFile(process.execPath, [...args, '--help'], { cwd: ROOT }, (_, stdout, stderr) => resolve(stdout + stderr))
    })
    answers.set(key, answer)
  }
  return answer
}

function manifest(folder: string): { scripts?: Record<string, string> } {
  const path = join(ROOT, folder, 'package.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : {}
}
