/** Enough for a compiler error, not a flood. */
const LAST_LINES = 30

/** Something that went wrong and can be said in a line: what, the end of the output it left, and what to do about it. */
export class Failure extends Error {
  constructor(message, { output = [], lastLines = LAST_LINES, advice, exitCode = 1 } = {}) {
    super(message)
    this.output = output
    this.lastLines = lastLines
    this.advice = advice
    this.exitCode = exitCode
  }
}

/** The command line makes no sense. */
export class WrongUsage extends Failure {
  constructor(message, advice) {
    super(message, { advice, exitCode: 2 })
  }
}
