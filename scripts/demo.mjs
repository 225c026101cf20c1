// npm run demo: renames a package throughout a Morphir IR with an extension in WebAssembly, and says what it cost.
// From nothing but a checkout, Node.js and rustup; --help shows the options.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { EXTENSION } from './demo/extension.mjs'
import { callRate, callTime } from './demo/measure.mjs'
import { examples, normalized, packageOf } from './demo/names.mjs'
import { readOptions, USAGE } from './demo/options.mjs'
import { buildAddon } from './lib/addon.mjs'
import { buildExtensions } from './lib/extensions.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { main } from './lib/main.mjs'
import { buildModel } from './lib/model.mjs'
import { installPackages } from './lib/packages.mjs'
import { modelIr, root } from './lib/places.mjs'
import { count, duration, size } from './lib/quantity.mjs'
import { run } from './lib/run.mjs'
import { bold } from './lib/style.mjs'
import { table } from './lib/table.mjs'
import { installToolchain } from './lib/toolchain.mjs'

const CALLS = 2000
const ANSWER_KEY = Buffer.from('"output":')

await main(async () => {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return console.log(USAGE)
  // Before anything is built, which may take minutes.
  if (options.own) readModel(options.model)
  await prepare(options.own)
  await demonstrate(options)
})

async function prepare(own) {
  await installPackages()
  const toolchain = await installToolchain()
  await buildAddon(toolchain)
  await buildExtensions(toolchain)
  if (!own) await buildModel()
}

async function demonstrate(options) {
  const model = readModel(options.model)
  // Not until it is built.
  const { ExtensionHost } = await import('../index.mjs')
  // Empty, to show what the first load costs.
  const cacheDir = mkdtempSync(join(tmpdir(), 'morphir-extension-host-demo-'))
  const host = new ExtensionHost({ cacheDir })
  try {
    const [id, firstLoad] = await timed(() => host.loadExtension(EXTENSION))
    printCapabilities(host.capabilities(id))

    const [answer, transformTime] = await timed(() => transform(host, id, model.text, options))
    const renamed = readAnswer(answer)
    printRenamed(model, renamed, options)
    if (options.out !== undefined) write(options.out, renamed.bytes)

    const call = () => host.call(id, 'capabilities')
    const { lines } = await run(process.execPath, [join(root, 'scripts/demo/load-again.mjs'), cacheDir])
    printCost([
      ['load the extension, with nothing cached', duration(firstLoad), ''],
      ['load it from the cache', duration(Number(lines.at(-1))), 'in a new process'],
      ['transform', duration(transformTime), `${size(model.text.length)} in, ${size(answer.length)} out`],
      ['reading the answer as objects', duration(renamed.parseTime), 'JSON.parse, only because this demo shows names'],
      ['a small call', duration(await callTime(call, CALLS)), `median of ${count(CALLS)}, one after the other`],
      ['small calls, 64 in flight', `${count(Math.round(await callRate(call)))}/s`, 'on one instance'],
    ])
  } catch (error) {
    if (error.name !== 'ExtensionError') throw error
    throw new Failure(`${error.code === 'ExtensionError' ? 'The extension refused it' : error.code}: ${error.message}`)
  } finally {
    await host.close()
    rmSync(cacheDir, { recursive: true })
  }
}

function readModel(path) {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const problem = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new WrongUsage(`The model ${path} cannot be read: ${problem}.`)
  }
  try {
    return { path, text, ir: JSON.parse(text) }
  } catch (error) {
    throw new Failure(`The model ${path} is not JSON: ${error.message.replaceAll(/\s+/g, ' ')}.`)
  }
}

/** As text and bytes: numbers that JavaScript would round stay as they are, and so does the layout of the file. */
async function transform(host, id, ir, { from, to }) {
  const answer = await host.callRaw(id, 'transform', `{"options":${JSON.stringify({ from, to })},"ir":${ir}}`)
  return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength)
}

function readAnswer(answer) {
  const started = performance.now()
  const { output: ir, ...result } = JSON.parse(answer)
  const parseTime = performance.now() - started
  // The output comes last. Inside of a string the quotes of its key would be escaped, so this is the key.
  const bytes = answer.subarray(answer.indexOf(ANSWER_KEY) + ANSWER_KEY.length, answer.lastIndexOf('}'))
  return { ...result, ir, bytes, parseTime }
}

function printCapabilities(capabilities) {
  heading('What the extension can do')
  const rows = capabilities.map(({ name, description, params_schema: { properties = {}, required = [] } = {} }) => {
    const params = Object.keys(properties).map((key) => (required.includes(key) ? key : `${key}?`))
    return [`${name}({ ${params.join(', ')} })`, description]
  })
  print(table(rows))
}

function printRenamed({ path, text, ir }, renamed, { from, to }) {
  const name = from === undefined ? packageOf(ir) : normalized(from)
  heading(
    `${name ?? 'The package'} → ${normalized(to)} in ${path === modelIr ? relative(root, path) : path}, ${size(text.length)}`,
  )
  if (renamed.note !== undefined) return print([`  Nothing changed: ${renamed.note}`])
  const rows = examples(ir, renamed.ir, name)
  print(
    table([
      ['before', 'after'],
      ...rows.map(([before, after]) => [before, before === after ? '(stays as it is)' : after]),
    ]),
  )
  console.log(`${count(renamed.references, 'reference')} changed.`)
}

function printCost(rows) {
  heading('What it cost')
  print(table(rows, { right: [1] }))
}

function write(path, bytes) {
  try {
    writeFileSync(path, bytes)
  } catch (error) {
    throw new Failure(`The renamed IR cannot be written: ${error.message}.`)
  }
  console.log(`Written to ${path}.`)
}

async function timed(work) {
  const started = performance.now()
  const result = await work()
  return [result, performance.now() - started]
}

function heading(text) {
  console.log(`\n${bold(text)}`)
}

function print(lines) {
  for (const line of lines) console.log(line)
}
