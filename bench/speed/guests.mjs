// The modules and the payloads that all contenders are given, as files in a directory of their own.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Failure } from '../../scripts/lib/failure.mjs'
import { extensions, modelIr, renamePackage } from '../../scripts/lib/places.mjs'
import { size } from '../../scripts/lib/quantity.mjs'
import { compileGuest } from '../../scripts/lib/guest.mjs'
import { withMoreCode } from './code.mjs'
import { withMoreModules } from './ir.mjs'

const NEW_NAME = 'NorthSea.BulkTrades'

/**
 * @param {string} [ir] a file to use as the large IR
 * @returns {Promise<{ directory: string, modules: Record<string, string>, payloads: Record<string, string>, end(): void }>} what is
 *   there, by name; a guest that nobody built is not
 */
export async function makeGuests(ir) {
  const model = readModel(modelIr)
  const large = ir === undefined ? withMoreModules(model, 3_500_000) : readModel(ir)
  const directory = mkdtempSync(join(tmpdir(), 'morphir-speed-'))
  const put = (name, content) => {
    writeFileSync(join(directory, name), content)
    return join(directory, name)
  }
  const rename = join(renamePackage, 'rename-package.wasm')
  const modules = {
    text: await compileGuest('bench/speed/guests/text.wat', directory),
    rename,
    large: put('large.wasm', withMoreCode(readFileSync(rename), 2_000_000)),
  }
  for (const language of ['javascript', 'python']) {
    const module = join(extensions, language, 'extension.wasm')
    if (existsSync(module)) modules[language] = module
  }
  const params = `{"options":{"to":"${NEW_NAME}"},"ir":${JSON.stringify(large)}}`
  const payloads = {
    nothing: put('nothing.json', '{}'),
    '100 B': put('100.json', paddedJson(100)),
    '10 kB': put('10k.json', paddedJson(10_000)),
    '100 kB': put('100k.json', JSON.stringify(withMoreModules(model, 100_000))),
    '1 MB': put('1m.json', JSON.stringify(withMoreModules(model, 1_000_000))),
    '10 MB': put('10m.json', JSON.stringify(withMoreModules(model, 10_000_000))),
    '3.5 MB': put('3500k.json', JSON.stringify(withMoreModules(model, 3_500_000))),
    'large IR': put('ir.json', params),
    '100 MB': put('100m.json', JSON.stringify(withMoreModules(model, 100_000_000))),
  }
  return {
    directory,
    modules,
    payloads,
    /** What the large IR is. */
    ir: `${ir === undefined ? 'the example model, enlarged' : basename(ir)}, ${size(params.length)}`,
    end: () => rmSync(directory, { recursive: true, force: true }),
  }
}

function readModel(path) {
  let model
  try {
    model = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Failure(`The IR ${path} cannot be read: ${error.message}`)
  }
  if (Array.isArray(model?.distribution)) return model
  throw new Failure(`${path} is not an IR of format version 3.`)
}

/** A small message of just this length. */
function paddedJson(length) {
  const message = { method: 'check', rules: [1, 2, 3], text: '' }
  return JSON.stringify({ ...message, text: 'x'.repeat(length - JSON.stringify(message).length) })
}
