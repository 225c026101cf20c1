// What a method is called with: JSON on the command line, a file's content, or standard input.

import { buffer } from 'node:stream/consumers'

/** Params as they were written, so that numbers keep their digits, and checked to be JSON unless they are to stay raw. */
export async function readParams(line, given, raw) {
  if (given === undefined) return ''
  const [content, what] = await source(line, given)
  if (raw) return content
  const text = content.toString('utf8')
  line.parsed(text, what, 'The params')
  return text
}

async function source(line, given) {
  if (given === '-') return [await buffer(process.stdin), 'standard input']
  if (given.startsWith('@')) return [line.content(given.slice(1), 'The params'), given.slice(1)]
  return [Buffer.from(given), 'this']
}
