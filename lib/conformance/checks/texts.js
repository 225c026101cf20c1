'use strict'

const { documented } = require('../payload.js')
const { failed, quoted, skipped } = require('../verdict.js')

/** What programs like to break. Begins with a mark by which it is found again. */
const MARK = 'conformance:'
const TEXTS = {
  'Latin letters': 'Größe, smörgås, ÿ',
  'other scripts': 'Ελληνικά Кириллица עברית 한국어 日本語 ไทย',
  'signs beyond 16 bits': '🧜🏽‍♀️ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10FFFF}',
  'combining marks': 'e\u0301 \u0301',
  'line separators': '\u0085\u2028\u2029',
  'a NUL': 'be\0tween',
  'a byte order mark': '\uFEFFmarked',
}
/** The longest log line that the host does not cut, perhaps within a letter. */
const UNCUT = 8000

async function unicode(subject) {
  const { extension, method, params } = await subject.usual()
  const kept = []
  if (await extension.has('echo')) {
    for (const [what, text] of Object.entries(TEXTS)) {
      check('echo', what, text, await extension.answer('echo', JSON.stringify(text)))
    }
    kept.push('`echo`')
  }
  if (method !== 'echo' && (await keepsDocumentation(extension, method, params))) kept.push(`\`${method}\``)
  if (kept.length === 0) {
    throw skipped(`it has no \`echo\`, and \`${method}\` answers nothing of an IR's documentation`)
  }
  return kept.join(' and ')
}

/** Whether a method answers what documentation an IR has: then it has to be the same. */
async function keepsDocumentation(extension, method, params) {
  let found = 0
  for (const [what, text] of Object.entries(TEXTS)) {
    const marked = `${MARK}${text}.`
    const input = documented(params, marked)
    if (input === undefined) return false
    const answer = await extension.answer(method, JSON.stringify(input))
    for (const answered of textsIn(answer).filter((answered) => answered.includes(MARK))) {
      const start = answered.indexOf(MARK)
      check(method, what, marked, answered.slice(start, start + marked.length))
      found += 1
    }
  }
  return found > 0
}

function check(method, what, text, answered) {
  if (answered === text) return
  const got = typeof answered === 'string' ? answered : JSON.stringify(answered)
  throw failed(`\`${method}\` does not keep ${what}: ${quoted(text)} became ${quoted(got)}`)
}

/** Every text in some JSON. */
function textsIn(json) {
  if (typeof json === 'string') return [json]
  if (typeof json !== 'object' || json === null) return []
  return Object.values(json).flatMap(textsIn)
}

async function utf8(subject) {
  // Anew, to hear what it says when it starts.
  const { extension, method, params } = await subject.usual(() => subject.load())
  for (const { name } of extension.capabilities) {
    // It may want other params; whatever it answers is to be text.
    const { bytes } = await extension.outcome(name, JSON.stringify(subject.params(name, extension.capabilities)))
    if (bytes !== undefined && !isUtf8(bytes)) throw failed(`\`${name}\` answered bytes that are not UTF-8`)
  }
  for (const text of Object.values(TEXTS)) {
    const input = documented(params, text)
    if (input !== undefined) await extension.outcome(method, JSON.stringify(input))
  }
  await extension.unload()
  const broken = subject.log.find(({ message }) => message.length < UNCUT && message.includes('\uFFFD'))
  if (broken !== undefined) throw failed(`a log line is not UTF-8: ${quoted(broken.message)}`)
  const lines = subject.log.length
  return `${lines} log ${lines === 1 ? 'line' : 'lines'}`
}

function isUtf8(bytes) {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

module.exports = { unicode, utf8 }
