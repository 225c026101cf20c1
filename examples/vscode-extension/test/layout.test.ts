import * as assert from 'node:assert/strict'
import { layOut } from '../src/layout'

/** Without white space between tokens. */
function squeezed(text: string): string {
  return text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string?: string) => string ?? '')
}

describe('layout', () => {
  it('keeps what holds few levels on a line, however long', () => {
    const name = 'x'.repeat(200)
    assert.equal(layOut(`{"name":["${name}",[[1]]]}`), `{"name": ["${name}", [[1]]]}\n`)
  })

  it('breaks what holds more, and only that', () => {
    assert.equal(layOut('[[[[[1,2]]]],{"a":[]}]'), '[\n  [[[[1, 2]]]],\n  {"a": []}\n]\n')
  })

  it('changes no digit, no escape and nothing inside of a string', () => {
    const text = '[[[[["\\u00e9 , [ \\" ]",12345678901234567890.0,1e400,{"":null}]]]]]'
    assert.equal(squeezed(layOut(text)), text)
  })

  it('takes what is not JSON as it comes', () => {
    for (const text of ['', ']', '}]{', '[[[[[[', ':,,', '{"unfinished']) assert.equal(squeezed(layOut(text)), text)
  })
})
