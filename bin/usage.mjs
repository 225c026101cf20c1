/** The command line makes no sense: what is wrong with it, and where to read more. */
export class WrongUsage extends Error {
  constructor(message, advice) {
    super(message)
    this.advice = advice
  }
}
