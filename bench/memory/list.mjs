// Who takes what: data. What a guest does is told by its own text.

const MIB = 1024 * 1024
/** What Extism's memory has from the start, and what blocks cost beside their bytes; a guest's own first page. */
const RESERVE = 2 * MIB

/**
 * @typedef {object} Taker
 * @property {string} title
 * @property {string} guest the file of its text
 * @property {(grant: number) => number | string} [input] a text, or how many bytes
 * @property {(grant: number) => number} [carried] how many bytes its input or its answer has, where that is much
 * @property {string[]} expected what its calls come to: `ok` or an error's code. Anything else, and it did not take what it should.
 */

/** @type {Taker[]} */
export const takers = [
  { title: 'its own memory', guest: 'bench/attacks/guests/pages.wat', expected: ['ok'] },
  { title: "Extism's memory", guest: 'bench/attacks/guests/blocks.wat', expected: ['MemoryLimit'] },
  {
    title: 'a large input',
    guest: 'fixtures/hostile/kernel_overwritten.wat',
    input: (grant) => grant - RESERVE,
    carried: (grant) => grant - RESERVE,
    expected: ['ok'],
  },
  {
    title: 'a large answer',
    guest: 'bench/memory/guests/answer.wat',
    input: (grant) => String(grant - RESERVE),
    carried: (grant) => grant - RESERVE,
    expected: ['ok'],
  },
  { title: 'tables', guest: 'bench/memory/guests/tables.wat', expected: ['ok'] },
  { title: 'variables', guest: 'fixtures/hostile/hoard_variables.wat', expected: ['MemoryLimit'] },
  { title: 'log messages', guest: 'fixtures/hostile/log_flood.wat', expected: ['Timeout'] },
  { title: 'one log message of 10 MB', guest: 'fixtures/hostile/log_long.wat', expected: ['ok'] },
  { title: 'an error text of 10 MB', guest: 'fixtures/hostile/error_long.wat', expected: ['ExtensionError'] },
  { title: 'standard output', guest: 'fixtures/hostile/print_flood.wat', expected: ['Timeout'] },
  { title: 'random bytes', guest: 'bench/memory/guests/random.wat', expected: ['ok'] },
  {
    title: 'everything at once, and a large answer',
    guest: 'bench/memory/guests/everything.wat',
    input: (grant) => String(grant / 2 - MIB),
    carried: (grant) => grant / 2 - MIB - 2_500_000,
    // The second time there is nothing left to take.
    expected: ['ok', 'MemoryLimit'],
  },
]

/** What the others are compared with. */
export const harmless = { title: 'nothing', guest: 'fixtures/plain.wat', expected: ['MethodNotFound'] }
