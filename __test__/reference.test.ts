import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
// What TypeScript 7 has not got yet: an interface for programs.
import ts from 'typescript-5'
import { ROOT } from './support/fences.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const declarations = ts.createSourceFile('index.d.ts', read('index.d.ts'), ts.ScriptTarget.Latest, true)

/** A declaration of index.d.ts, by its name. */
function declared(name: string): ts.Node {
  const found = declarations.statements.find((each) => (each as { name?: ts.Identifier }).name?.text === name)
  if (found === undefined) throw new Error(`index.d.ts declares no ${name}.`)
  return found
}

/** The names of the properties that a declaration has itself, however deep, each once. */
function properties(name: string): string[] {
  const names = new Set<string>()
  const visit = (node: ts.Node) => {
    if (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node))
      names.add(node.name.getText().replaceAll("'", ''))
    ts.forEachChild(node, visit)
  }
  visit(declared(name))
  return [...names]
}

/** The names of all texts in a union. */
const texts = (name: string) =>
  declared(name)
    .getText()
    .match(/'[^']+'/g)!
    .map((text) => text.slice(1, -1))

/** The codes that a method's comment names as what it rejects with or throws, each in any of its comments. */
const CODES = texts('ErrorCode')
const methods = new Map<string, Set<string>>()
for (const member of (declared('ExtensionHost') as ts.ClassDeclaration).members) {
  const name = ts.isConstructorDeclaration(member) ? 'constructor' : member.name!.getText()
  const comment = ts
    .getJSDocCommentsAndTags(member)
    .map((each) => each.getText())
    .join('\n')
  const told = /(?:[Rr]ejects|@throws)[^]*/.exec(comment)?.[0] ?? ''
  const codes = methods.get(name) ?? new Set()
  for (const code of CODES) if (told.includes(`\`${code}\``)) codes.add(code)
  methods.set(name, codes)
}

/** What stands below a heading of a page, up to the next one of its rank or a higher one, without what is shown. */
function section(page: string, heading: string): string {
  const lines = read(page)
    .replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
    .split('\n')
  const begin = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ `?/, '').startsWith(heading))
  if (begin < 0) throw new Error(`${page} has no heading ${heading}.`)
  const rank = /^#+/.exec(lines[begin]!)![0].length
  const end = lines.findIndex(
    (line, index) => index > begin && /^#+ /.test(line) && /^#+/.exec(line)![0].length <= rank,
  )
  return lines.slice(begin, end < 0 ? undefined : end).join('\n')
}

/** The rows of all tables in a text, as cells. */
const rows = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .slice(2, -2)
        .split(/ \| /)
        .map((cell) => cell.trim()),
    )

/** What a cell or a text calls by name. */
const named = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)

/** Where the options of an interface have their rows, and how they are written there. */
const OPTIONS: [string, string, string, (name: string) => string[]][] = [
  ['HostOptions', 'docs/api.md', 'new ExtensionHost(', (name) => [name]],
  ['Workspace', 'docs/api.md', 'new ExtensionHost(', (name) => [`workspace.${name}`]],
  ['ExtensionConfig', 'docs/api.md', 'loadExtension(', (name) => [name]],
  ['Source', 'docs/api.md', 'loadExtension(', (name) => [`source.${name}`]],
  ['Restart', 'docs/api.md', 'loadExtension(', (name) => [`restart.${name}`]],
  ['LoadOptions', 'docs/api.md', 'loadExtension(', (name) => [name]],
  ['LoadConfigOptions', 'docs/api.md', 'loadConfig(', (name) => [name]],
  ['CallOptions', 'docs/api.md', 'call(', (name) => [name]],
  ['LoadOptions', 'docs/api.md', 'reload(', (name) => [name]],
  ['WatchOptions', 'docs/api.md', 'watch(', (name) => [name]],
  ['EndOptions', 'docs/api.md', 'unloadExtension(', (name) => [name]],
  // Those in snake_case are said to be accepted, all at once.
  ['Permissions', 'docs/permissions.md', 'Permissions', (name) => (name.includes('_') ? [] : [name])],
]

describe('every option of index.d.ts', () => {
  const cases = OPTIONS.flatMap(([of, page, heading, written]) =>
    properties(of).flatMap((name) => written(name).map((key) => [of, key, page, heading] as const)),
  )

  it.each(cases)('%s: %s is a row of %s, with what it takes, its default and what it is', (_, key, page, heading) => {
    const found = rows(section(page, heading)).filter(([first]) => named(first!).includes(key))
    expect(found).not.toEqual([])
    const [row] = found
    expect(row!.length).toBeGreaterThanOrEqual(4)
    expect(row!.filter((cell) => cell === '' || cell === '–')).toEqual([])
  })

  it('has the default that its comment says', () => {
    const wrong: string[] = []
    for (const [of, page, heading, written] of OPTIONS) {
      const visit = (node: ts.Node) => {
        const tag = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === 'default')
        if (ts.isPropertySignature(node) && typeof tag?.comment === 'string') {
          const [key] = written(node.name.getText())
          const row = key && rows(section(page, heading)).find(([first]) => named(first!).includes(key))
          // By the first word or number of the comment that is more than an article.
          const [, word] = /(?:^|a |an |the )`?'?([\w.{}[\]]+)/.exec(tag.comment)!
          if (row && !row.join(' ').includes(word!)) wrong.push(`${of}.${key}: ${tag.comment}`)
        }
        ts.forEachChild(node, visit)
      }
      visit(declared(of))
    }
    expect(wrong).toEqual([])
  })

  it('has its range, where there is one', () => {
    const ranges = {
      maxConcurrentCalls: '1 to 1024',
      threads: '1 to 1024',
      instances: '1 to 1024',
      maxQueue: '0 to 4294967295',
    }
    for (const [name, range] of Object.entries(ranges)) {
      const row = rows(read('docs/api.md')).find(([first]) => first === `\`${name}\``)
      expect([name, row![1]]).toEqual([name, expect.stringContaining(range)])
    }
    for (const row of rows(section('docs/permissions.md', 'Permissions')).slice(1, 5)) {
      expect([row[0], row[4]]).toEqual([row[0], expect.stringMatching(/ to |at most|at least/)])
    }
  })
})

describe('every method of ExtensionHost', () => {
  const known = [...methods].filter(([name]) => !name.startsWith('['))

  it.each(known)('%s has a section in docs/api.md, with every error that its comment names', (name, codes) => {
    const headings: Record<string, string> = {
      constructor: 'new ExtensionHost(',
      fromConfig: 'ExtensionHost.fromConfig(',
    }
    // Those two are said together with the first of the three.
    const shared: Record<string, string> = { once: 'on(', off: 'on(' }
    const text = section('docs/api.md', headings[name] ?? shared[name] ?? `${name}(`)
    expect([...codes].filter((code) => !named(text).includes(code))).toEqual([])
  })

  it('is known to this test, with its errors', () => {
    expect(known.length).toBeGreaterThan(20)
    expect(methods.get('call')!.size).toBe(13)
    expect([...methods.get('watch')!].toSorted()).toEqual(['Closed', 'InvalidSource', 'NotFound'])
  })
})

describe('what is answered', () => {
  it.each([
    ['ExtensionStats', 'stats('],
    ['ExtensionInfo', 'list('],
    ['Capability', 'capabilities('],
    ['Health', 'healthCheck('],
    ['LoadConfigResult', 'loadConfig('],
    ['LogRecord', 'new ExtensionHost('],
  ])('%s: every property is in the section %s of docs/api.md', (of, heading) => {
    const text = section('docs/api.md', heading)
    expect(properties(of).filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([])
  })

  it.each([
    ['FunctionContext', 'docs/host-functions.md', 'What a function is given'],
    ['ExtensionError', 'docs/errors.md', 'Errors'],
  ])('%s: every property is in %s', (of, page, heading) => {
    const text = section(page, heading)
    // `name` is what every error has.
    const missing = properties(of).filter(
      (name) => name !== 'name' && !new RegExp(`\`(error\\.)?${name}\\b`).test(text),
    )
    expect(missing).toEqual([])
  })
})

describe('every event', () => {
  const table = rows(section('docs/api.md', 'on(')).slice(1)
  const names = properties('HostEvents')

  it('is in the table of docs/api.md, in the order of index.d.ts, and no other', () => {
    expect(table.map(([name]) => named(name!)[0])).toEqual(names)
  })

  it('says what it tells', () => {
    expect(table.filter(([, told]) => told === undefined || told.length < 10)).toEqual([])
    const text = section('docs/api.md', 'on(')
    const events = [
      'LoadedEvent',
      'FailedEvent',
      'UnloadedEvent',
      'CallEvent',
      'CallCompletedEvent',
      'CallFailedEvent',
      'LogEvent',
    ]
    const told = events.flatMap((event) => properties(event))
    expect(told.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([])
  })
})

describe('every error code', () => {
  const [, text] = read('docs/errors.md').split('\n| code | what happened | what to do |\n')
  const table = rows(text!)

  it('is a row of docs/errors.md, in the order of index.d.ts, and nothing else is', () => {
    expect(table.map(([code]) => named(code!)[0])).toEqual(CODES)
  })

  it('has a cause and a remedy there', () => {
    expect(table.filter(({ length }) => length !== 3)).toEqual([])
    expect(table.filter(([, cause, remedy]) => cause!.length < 15 || remedy!.length < 10)).toEqual([])
  })
})

describe('every option of the command line', () => {
  const bin = join(ROOT, 'bin', 'morphir-extension-host.mjs')
  const help = (...args: string[]) => execFileSync(process.execPath, [bin, ...args, '--help'], { encoding: 'utf8' })
  const commands = [...help().matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name!)

  it.each(commands)('of %s is in its section of the documentation, or in what commands have in common', (command) => {
    const page = command === 'conformance' ? 'docs/conformance.md' : 'docs/command-line.md'
    const own = section(page, command === 'conformance' ? 'From the command line' : command)
    const common = section('docs/command-line.md', 'Command line').split(/^## `call`/m)[0]!
    const shown = new Set(
      [...own.matchAll(/--[a-z][a-z-]*/g), ...common.matchAll(/--[a-z][a-z-]*/g)].map(([flag]) => flag),
    )
    const taken = new Set(help(command).match(/(?<=^ {2,}|, |;\n {2,})--[a-z][a-z-]*/gm))
    expect(taken.size).toBeGreaterThan(3)
    expect([...taken].filter((flag) => !shown.has(flag))).toEqual([])
  })

  it('belongs to a command that the tables name', () => {
    expect(commands).toEqual(['call', 'run', 'inspect', 'conformance', 'bench', 'types'])
    const table = named(section('docs/command-line.md', 'Command line'))
    expect(commands.filter((command) => !table.includes(command))).toEqual([])
    expect(commands.filter((command) => !named(section('README.md', 'More')).includes(command))).toEqual([])
  })
})

describe('every npm script', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

  it.each(Object.keys(scripts))('%s is told of in CONTRIBUTING.md or README.md', (name) => {
    const told = `${read('CONTRIBUTING.md')}\n${read('README.md')}`
    const command = name === 'test' ? 'npm test' : `npm run ${name}`
    expect(told).toMatch(new RegExp(`${command}(?![\\w:-])`))
  })
})
