import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, type Fence } from './fences.ts'
import { guest, wat } from './guest.ts'
import { exampleModule, hasModel } from './examples.ts'

const PEERS = join(ROOT, 'bench', 'peers', 'node_modules')
const MEP = join(ROOT, 'examples', 'extensions', 'mep', 'extension.wasm')

/** `npm test` and `npm run demo` make both. */
export const hasRenaming = existsSync(exampleModule('rename-package')) && hasModel
export const hasPeers = existsSync(join(PEERS, 'extism-1'))

/** What the pages take for granted: that there is a host with an extension, and an IR. A block that has its own does not see it. */
const PRELUDE = `
import * as fs from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { ExtensionError, ExtensionHost } from '@finos/morphir-extension-host'
import { checkConformance } from '@finos/morphir-extension-host/conformance'

const { MODULE, CACHE: cacheDir } = process.env
const host = new ExtensionHost({ cacheDir })
const source = { type: 'wasm', path: MODULE }
const id = await host.loadExtension({ name: 'rename-package', source })
const ir = JSON.parse(await fs.readFile('morphir-ir.json', 'utf8'))
const params = JSON.parse(await fs.readFile('params.json', 'utf8'))
const server = createServer()
Object.assign(globalThis, {
  ...{ ExtensionError, ExtensionHost, checkConformance, Ajv2020, readFile: fs.readFile, writeFile: fs.writeFile },
  ...{ host, id, source, cacheDir, ir, params, server, morphirIr: ir, name: 'rename-package', rules: [{ rule: 1 }, { rule: 2 }] },
  // What an editor hands to its extensions.
  ...{ join, context: { globalStorageUri: { fsPath: './storage' } } },
  ...{ signal: new AbortController().signal, table: new Map([['you', 'Hello, you']]) },
})
`

/** Runs a block to its end, and then asks its server, where it has one. */
const RUN = `
import './prelude.mjs'
try {
  await import(process.argv[2])
  if (server.listenerCount('request') > 0) {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    const answer = await fetch(\`http://127.0.0.1:\${server.address().port}\`)
    console.log(answer.status, answer.headers.get('content-type'))
    console.log(await answer.text())
  }
} catch (error) {
  console.error(\`\${error.code ?? error.name}: \${error.message}\`)
  process.exitCode = 1
}
await host.close({ cancel: true })
process.exit()
`

/** What TypeScript is told of it. */
const GLOBALS = `
import type * as types from '@finos/morphir-extension-host'
import type * as conformance from '@finos/morphir-extension-host/conformance'
import type * as fs from 'node:fs/promises'
import type { Server } from 'node:http'
declare global {
  const ExtensionHost: typeof types.ExtensionHost
  const checkConformance: typeof conformance.checkConformance
  const Ajv2020: typeof import('ajv/dist/2020.js').Ajv2020
  const readFile: typeof fs.readFile
  const writeFile: typeof fs.writeFile
  const host: types.ExtensionHost
  const id: number
  const source: types.Source
  const cacheDir: string
  const name: string
  const ir: object
  const morphirIr: object
  const params: object
  const server: Server
  const rules: object[]
  const signal: AbortSignal
  const join: typeof import('node:path').join
  const context: { globalStorageUri: { fsPath: string } }
  const table: Map<string, string>
}
`

const PROJECT = `[[extensions]]
name = "rename-package"
source = { type = "wasm", path = "rename-package.wasm" }
`

/** A project with what the pages name: modules, an IR, params, a configuration file, and the package itself. */
export async function stage(directory: string) {
  const place = (name: string, bytes: Uint8Array | string) => writeFileSync(join(directory, name), bytes)
  const echo = readFileSync(join(ROOT, 'fixtures', 'echo.wat'), 'utf8')
  const rename = readFileSync(exampleModule('rename-package'))
  for (const name of ['rename-package', 'reader', 'my-extension']) place(`${name}.wasm`, rename)
  for (const name of ['optimizer', 'optimizer-2', 'ext']) place(`${name}.wasm`, await guest('counter'))
  const checks = await wat(echo.replace('(export "echo")', '(export "check")'))
  for (const name of ['check', 'extension']) place(`${name}.wasm`, checks)
  place('greeter.wasm', await guest('greeter'))
  place('fetcher.wasm', await guest('network'))
  place('count_vowels_kvstore.wasm', await guest('vowels'))
  place('conforming.wasm', await guest('conformance'))
  if (existsSync(MEP)) place('document_modules_mep.wasm', readFileSync(MEP))
  for (const name of ['extensions', 'data']) mkdirSync(join(directory, name))
  place('extensions/optimizer.wasm', await guest('counter'))
  const ir = readFileSync(join(ROOT, 'examples', 'model', 'morphir-ir.json'), 'utf8')
  place('morphir-ir.json', ir)
  place('params.json', `{"ir":${ir},"options":{"to":"New.Home"}}`)
  place('config.json', '{}')
  place('morphir.toml', PROJECT)
  place('prelude.mjs', PRELUDE)
  place('run.mjs', RUN)
  place('globals.d.ts', GLOBALS)
  place('package.json', '{ "private": true }')
  symlinkSync(join(ROOT, 'examples'), join(directory, 'examples'), 'dir')
  const modules = join(directory, 'node_modules')
  mkdirSync(join(modules, '@finos'), { recursive: true })
  symlinkSync(ROOT, join(modules, '@finos', 'morphir-extension-host'), 'dir')
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'dir')
  }
}

/** Makes one of the SDKs that the benchmarks compare with what `@extism/extism` means there. */
export function choosePeer(directory: string, name: string) {
  const place = join(directory, 'node_modules', '@extism')
  mkdirSync(place, { recursive: true })
  // A link, so that it finds its own packages.
  symlinkSync(join(PEERS, name), join(place, 'extism'), 'dir')
}

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a program in the project, to its end, for a minute at most. */
export async function start(
  directory: string,
  command: string,
  args: string[],
  more: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const home = join(process.env.MORPHIR_TEST_DIRECTORY!, 'xdg')
  const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', XDG_CACHE_HOME: home, ...more }
  const child = spawn(command, args, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (ran[name] += text))
  }
  ran.code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return ran
}

/** Where the code of a block is put. */
export function write(directory: string, { page, line, code, language }: Fence, typed: boolean): string {
  const script = /^exports\.|(?<!create)\brequire\(/m.test(code) && !code.includes('import.meta')
  const kind = `${script ? 'c' : 'm'}${typed || language === 'ts' ? 'ts' : 'js'}`
  const name = `${page.replaceAll(/\W/g, '-')}-${line}.${kind}`
  writeFileSync(join(directory, name), code)
  return `./${name}`
}

/** The module of the example that a page is about, where it was built. */
function builtFor({ page }: Fence): { example?: string; module?: string } {
  const example = /^examples\/extensions\/([\w-]+)\//.exec(page)?.[1]
  if (example === undefined) return {}
  const paths = ['extension', example].map((name) => `examples/extensions/${example}/${name}.wasm`)
  const module = paths.find((path) => existsSync(join(ROOT, path)))
  return module === undefined ? { example } : { example, module }
}

/** Whether what a block loads or calls was built. */
export function isBuilt(fence: Fence): boolean {
  const { example, module } = builtFor(fence)
  return (example === undefined || module !== undefined) && (!fence.code.includes('_mep.wasm') || existsSync(MEP))
}

/** The module that a block calls without having loaded it: that of the example, or one that has the method. */
export function moduleFor(fence: Fence): { MODULE: string } {
  const own = fence.code.includes('loadExtension(') ? undefined : builtFor(fence).module
  return { MODULE: own ?? (fence.code.includes("'check'") ? 'check.wasm' : 'rename-package.wasm') }
}
