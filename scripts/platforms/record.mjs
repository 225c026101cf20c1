// What was built, checked and tried, kept from run to run, and the page that shows it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { markdownTable, writePart } from '../../bench/page.mjs'
import { root } from '../lib/places.mjs'
import { platforms } from '../lib/platforms.mjs'
import { size } from '../lib/quantity.mjs'

const PATH = join(root, 'docs', 'platforms.json')
const PAGE = 'docs/platforms.md'
const SYSTEMS = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }

/** Keeps what was found out about a platform's addon. */
export function recordAddon(name, found) {
  const record = read()
  record.addons[name] = { date: today(), on: `${SYSTEMS[process.platform]} ${process.arch}`, ...found }
  write(record)
  writePart(PAGE, 'addons', addonTable(record.addons))
}

/** Keeps what each runtime did. */
export function recordRuntimes(results) {
  const record = read()
  record.runtimes = { date: today(), results }
  write(record)
  writePart(PAGE, 'runtimes', runtimeTable(record.runtimes))
  writePart('README.md', 'runtimes', shortTable(record))
}

/** Keeps how all tests went with one Node.js. */
export function recordSuite(name, found) {
  const record = read()
  record.suites = { ...record.suites, [name]: { date: today(), ...found } }
  write(record)
  writePart(PAGE, 'suites', suiteTable(record.suites))
  writePart('README.md', 'runtimes', shortTable(record))
}

function addonTable(addons) {
  const rows = platforms.map(({ name, os }) => {
    const addon = addons[name]
    if (addon === undefined) return [code(name), `the release workflow, on ${SYSTEMS[os]}`, '', '', 'there']
    const { size: bytes, packed, glibc, tried, date, on } = addon
    return [
      code(name),
      `\`npm run build:platform\` on ${on}, ${date}`,
      bytes === undefined ? size(packed) : `${size(bytes)} (${size(packed)})`,
      glibc === undefined ? '' : `glibc ${glibc}`,
      result(tried),
    ]
  })
  return markdownTable([['package', 'built by', 'addon (packed)', 'needs', 'tried'], ...rows])
}

function result(tried) {
  if (tried === undefined) return 'not here'
  const { passed, failed, runtime, how } = tried
  const sum =
    failed.length === 0
      ? `all ${passed} cases pass`
      : `${passed} cases pass, ${failed.length} fail (${failed.join('; ')})`
  return `${runtime} ${how}: ${sum}`
}

function runtimeTable({ date, results }) {
  const rows = results.map(({ name, version, passed, failed }) => [
    `${name} (${version})`,
    failed.length === 0 ? `all ${passed} pass` : `${passed} pass, ${failed.length} fail`,
    failed.map(({ name, reason }) => `${name}: ${reason}`).join('<br>') || 'nothing',
  ])
  const table = markdownTable([['runtime', 'cases', 'what it cannot do'], ...rows])
  return `${table}\n\nMade on ${date} by \`npm run runtimes\` on Linux x64.`
}

/** Both in one, for the README. */
function shortTable({ runtimes, suites = {} }) {
  const rows = runtimes.results.map(({ name, version, passed, failed }) => {
    const suite = suites[name]
    return [`${name} (${version})`, outOf(passed, failed.length), suite ? outOf(suite.passed, suite.failed) : '']
  })
  return markdownTable([['runtime', 'cases for every runtime', 'the whole test suite'], ...rows])
}

function outOf(passed, failed) {
  return failed === 0 ? `all ${passed} pass` : `${passed} of ${passed + failed} pass`
}

function suiteTable(suites) {
  const rows = Object.entries(suites).map(([name, { version, date, passed, failed, skipped }]) => [
    `${name} (${version})`,
    `${passed}`,
    `${failed}`,
    `${skipped}`,
    date,
  ])
  const sorted = rows.toSorted(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
  return markdownTable([['', 'passed', 'failed', 'skipped', 'on'], ...sorted])
}

function read() {
  return existsSync(PATH) ? JSON.parse(readFileSync(PATH, 'utf8')) : { addons: {} }
}

function write(record) {
  writeFileSync(PATH, `${JSON.stringify(record, null, 2)}\n`)
}

function code(name) {
  return `\`${name}\``
}

function today() {
  return new Date().toISOString().slice(0, 10)
}
