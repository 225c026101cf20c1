'use strict'

const { ExtensionError } = require('../error.js')
const all = require('./checks.js')
const { checkOptions } = require('./options.js')
const { Subject } = require('./subject.js')
const { Verdict, inWords } = require('./verdict.js')

const names = all.map(({ name }) => name)

async function checkConformance(source, options = {}) {
  checkOptions(options, names)
  const wanted = all.filter(({ name }) => options.only?.includes(name) ?? true)
  const started = performance.now()
  const subject = await Subject.open(source, options)
  const results = []
  try {
    for (const check of wanted) {
      const lacking = check.needs.find((name) =>
        results.some((result) => result.name === name && result.outcome !== 'passed'),
      )
      const result = lacking === undefined ? await judged(check, subject) : skippedFor(check, lacking)
      results.push(result)
      options.onResult?.(result)
    }
  } finally {
    await subject.close()
  }
  return {
    passed: results.every(({ outcome }) => outcome !== 'failed'),
    module: subject.module,
    milliseconds: performance.now() - started,
    checks: results,
  }
}

/** One check, and what came of it. */
async function judged({ name, title, judge }, subject) {
  subject.log = []
  const started = performance.now()
  const concluded = (outcome, remark, error) => ({
    name,
    title,
    outcome,
    ...(remark !== undefined && { remark }),
    ...(error !== undefined && { error }),
    milliseconds: performance.now() - started,
    log: subject.log,
  })
  try {
    return concluded('passed', await judge(subject))
  } catch (error) {
    if (error instanceof Verdict) return concluded(error.outcome, error.message, error.cause)
    // How the extension is to be loaded is the caller's affair, and so are arguments of the wrong type.
    if (!(error instanceof ExtensionError) || error.code === 'InvalidConfig') throw error
    return concluded('failed', inWords(error), error)
  }
}

function skippedFor({ name, title }, lacking) {
  return { name, title, outcome: 'skipped', remark: `needs ${lacking}`, milliseconds: 0, log: [] }
}

const checks = all.map(({ name, title }) => ({
  name,
  title,
  async run(source, options = {}) {
    const { checks } = await checkConformance(source, { ...options, only: [name] })
    return checks[0]
  },
}))

module.exports = { checkConformance, checks }
