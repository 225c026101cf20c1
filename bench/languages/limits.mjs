// What Morphir's design asks of an extension, and why some languages do not come up to it: data.

/**
 * @typedef {object} Limit
 * @property {string} asks in words
 * @property {(figure: number) => boolean} missed
 * @property {string} why what keeps a language from it
 */

/** @type {Record<string, Limit>} */
export const limits = {
  start: {
    asks: '10 to 100 ms to start',
    missed: (milliseconds) => milliseconds > 100,
    why:
      'The time goes into compiling to machine code, which costs as much as there is code: the engines and runtimes that ' +
      'some languages bring are megabytes. The cache has it from then on.',
  },
  call: {
    asks: 'less than 1 ms a call',
    missed: (milliseconds) => milliseconds >= 1,
    why:
      'One call in a hundred waited: for another process, where the machine was as busy as the load below says, or for the ' +
      'language to collect garbage.',
  },
  rate: {
    asks: '10,000 calls a second',
    missed: (calls) => calls < 10_000,
    why: 'The language itself takes longer than that for a call, on as many processors as there are.',
  },
  memory: {
    asks: '1 to 10 MB of memory',
    missed: (bytes) => bytes > 10_000_000,
    why:
      'Most of it is compiled code. Each instance has its own copy, because the engine can interrupt one call only together with ' +
      'all others that run the same copy (see architecture.md).',
  },
}
