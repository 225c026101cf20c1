'use strict'

const { isDeepStrictEqual } = require('node:util')
const { grown, varied } = require('../payload.js')
const { failed, quoted, skipped } = require('../verdict.js')

const MEGABYTE = 1_000_000
/** Enough for two instances to take turns in every way. */
const CALLS = 16

/** Params of every kind, as text, because JavaScript would round the numbers. */
const PARAMS = [
  '{}',
  '{"list":[1,2,3],"nested":{"empty":{},"none":null,"yes":true,"no":false}}',
  '{"large":12345678901234567890,"small":0.1,"long":3.14159265358979323846264338,"negative":-7,"power":1e-7}',
  '["text",""," \\t\\n\\"quoted\\" \\\\ / "]',
  '"text"',
  '0',
  'true',
  'null',
]

async function echo(subject) {
  const extension = await subject.shared()
  if (!(await extension.has('echo'))) throw skipped('it has no method `echo`')
  for (const params of PARAMS) {
    const answer = await extension.answer('echo', params)
    if (!isDeepStrictEqual(answer, JSON.parse(params))) {
      throw failed(`given ${quoted(params)} it answered ${quoted(JSON.stringify(answer))}`)
    }
    const [sent, received] = [numbersIn(params), numbersIn(await extension.text('echo', params))]
    const lost = sent.find((number) => !received.includes(number))
    if (lost !== undefined) throw failed(`the number ${lost} came back as another: ${received.join(', ')}`)
  }
}

/** The numbers in JSON text, digit for digit. */
function numbersIn(json) {
  const withoutTexts = json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
  return withoutTexts.match(/-?\d[\d.eE+-]*/g) ?? []
}

async function answers(subject) {
  const { extension, method, params } = await subject.usual()
  const text = JSON.stringify(params)
  const first = await extension.answer(method, text)
  const second = await extension.answer(method, text)
  if (!isDeepStrictEqual(first, second)) {
    throw failed(`\`${method}\` answered the same params differently the second time`)
  }
  return `\`${method}\``
}

async function large(subject) {
  const { extension, method, params } = await subject.usual()
  await extension.answer(method, grown(params, MEGABYTE))
  if (method === 'echo' || !(await extension.has('echo'))) return `\`${method}\``
  const text = JSON.stringify('x'.repeat(MEGABYTE))
  if ((await extension.text('echo', text)).trim() !== text) {
    throw failed('`echo` answered a megabyte of text with something else')
  }
  return `\`${method}\` and \`echo\``
}

async function parallel(subject) {
  const { extension, method, params } = await subject.usual(() => subject.load({ instances: 2 }))
  const inputs = varied(params, CALLS)
  const oneByOne = []
  for (const input of inputs) oneByOne.push(await extension.answer(method, input))
  const atOnce = await Promise.all(inputs.map((input) => extension.answer(method, input)))
  await extension.unload()
  const differs = atOnce.findIndex((answer, index) => !isDeepStrictEqual(answer, oneByOne[index]))
  if (differs >= 0) {
    throw failed(`\`${method}\` answered differently at once: it keeps something from one call to the next`)
  }
  return `${CALLS} calls of \`${method}\`, 2 instances`
}

module.exports = { answers, echo, large, parallel }
