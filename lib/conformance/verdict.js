'use strict'

/** Ends a check before its end: it failed, or it does not apply. Checks throw it; what they answer instead is a remark on a pass. */
class Verdict extends Error {
  /**
   * @param {'failed' | 'skipped'} outcome
   * @param {string} remark why, for the author of the extension
   * @param {unknown} [cause] the error underneath
   */
  constructor(outcome, remark, cause) {
    super(remark, cause === undefined ? undefined : { cause })
    this.outcome = outcome
  }
}

function failed(remark, cause) {
  return new Verdict('failed', remark, cause)
}

function skipped(remark) {
  return new Verdict('skipped', remark)
}

/** An error of the host in a line: its code, and its words. */
function inWords({ code, message }) {
  return `${code}: ${message}`
}

/** The beginning of some text, in quotes. */
function quoted(text, most = 60) {
  return JSON.stringify(text.length > most ? `${text.slice(0, most - 1)}…` : text)
}

module.exports = { Verdict, failed, inWords, quoted, skipped }
