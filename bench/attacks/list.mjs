// The attacks: data. What a guest does is told by its own text.

import { SECRET } from './trial.mjs'

const attack = [{ method: 'attack', input: 'input' }]
const read = (input) => ({ method: 'read', input })

/**
 * @typedef {object} Attack
 * @property {string} name for the command line
 * @property {string} title
 * @property {string} guest the file of its text
 * @property {import('./trial.mjs').Call[]} [calls] none where loading is the attack
 * @property {import('./trial.mjs').Call} [good] the call that has to work afterwards, where that is not `echo`
 * @property {'time' | 'memory' | 'log'} [point] what counts, beside how it ends
 * @property {boolean} [directories] it is granted a directory
 * @property {boolean} [readonly] it is granted a directory for reading only
 * @property {boolean} [network] it is granted one host
 * @property {Record<string, string>} [unavailable] why a runtime is not tried
 * @property {(calls: import('./trial.mjs').Settled[]) => string | undefined} [judge] what it came to, where the last call does not say it
 */

/** @type {Attack[]} */
export const attacks = [
  {
    name: 'none',
    title: 'does nothing wrong',
    guest: 'fixtures/plain.wat',
    calls: [{ method: 'echo', input: 'input' }],
    point: 'memory',
  },
  {
    name: 'loop',
    title: 'loops without end in a call',
    guest: 'fixtures/counter.wat',
    calls: [{ method: 'loop' }],
    good: { method: 'count' },
    point: 'time',
  },
  {
    name: 'loop-in-start',
    title: 'loops without end in its start section',
    guest: 'fixtures/hostile/loop_in_start.wat',
    point: 'time',
  },
  {
    name: 'loop-in-initialize',
    title: 'loops without end in `_initialize`',
    guest: 'fixtures/hostile/loop_in_reactor.wat',
    point: 'time',
  },
  { name: 'trap-in-start', title: 'traps in its start section', guest: 'fixtures/hostile/trap_in_start.wat' },
  { name: 'log-in-start', title: 'logs in its start section', guest: 'fixtures/hostile/talk_in_start.wat' },
  {
    name: 'sleep',
    title: 'sleeps for 3 s by `poll_oneoff`',
    guest: 'fixtures/hostile/sleep.wat',
    calls: attack,
    point: 'time',
  },
  {
    name: 'memory',
    title: 'grows its memory and fills it',
    guest: 'bench/attacks/guests/pages.wat',
    calls: attack,
    point: 'memory',
  },
  {
    name: 'tables',
    title: 'grows 16 tables to 10 million elements each',
    guest: 'bench/attacks/guests/tables.wat',
    calls: attack,
    point: 'memory',
  },
  {
    name: 'blocks',
    title: "takes Extism's memory and fills it",
    guest: 'bench/attacks/guests/blocks.wat',
    calls: attack,
    point: 'memory',
  },
  {
    name: 'variables',
    title: 'keeps 100 kB variables without end',
    guest: 'fixtures/hostile/hoard_variables.wat',
    calls: attack,
    point: 'memory',
  },
  {
    name: 'output',
    title: 'answers with a gigabyte',
    guest: 'bench/attacks/guests/output.wat',
    calls: attack,
    point: 'memory',
  },
  { name: 'log', title: 'logs without end', guest: 'fixtures/hostile/log_flood.wat', calls: attack, point: 'log' },
  {
    name: 'imitation',
    title: 'answers an error with the words of a real timeout',
    guest: 'fixtures/hostile/error_imitates.wat',
    calls: [{ method: 'attack_and_loop' }, { method: 'attack', imitates: true }],
    judge: ([real, imitation]) => {
      if (real?.unsettled) return 'has no timeout to imitate'
      if (imitation?.error === undefined) return undefined
      if (real.error.code !== imitation.error.code) return `told apart by its code, \`${imitation.error.code}\``
      const same = real.error.message === imitation.error.message
      return same ? '**the very same error**' : 'told apart by its message alone'
    },
  },
  {
    name: 'output-outside',
    title: 'answers with what is outside of its memory',
    guest: 'fixtures/hostile/output_outside.wat',
    calls: attack,
  },
  {
    name: 'output-forged',
    title: "forges the length of its output in Extism's bookkeeping",
    guest: 'fixtures/hostile/output_forged_alone.wat',
    calls: attack,
  },
  {
    name: 'read-outside',
    title: 'forges a block, for the host to read beyond the memory',
    guest: 'fixtures/hostile/block_forged_for_variable.wat',
    calls: attack,
  },
  {
    name: 'write-outside',
    title: 'forges a block, for the host to write beyond the memory',
    guest: 'fixtures/hostile/value_written_outside.wat',
    calls: attack,
    unavailable: { 'extism-1': 'has no such bookkeeping', 'extism-2': 'has no such bookkeeping' },
  },
  {
    name: 'recursion',
    title: 'calls itself without end',
    guest: 'fixtures/hostile/recurse.wat',
    calls: attack,
  },
  {
    name: 'redirect',
    title: 'is redirected from an allowed host to another',
    guest: 'bench/attacks/guests/request.wat',
    calls: attack,
    network: true,
    unavailable: { rust: 'is built here without its HTTP client' },
    judge: ([{ output }]) => (output?.includes(SECRET) ? '**reads the other host**' : undefined),
  },
  {
    name: 'files',
    title: 'reads a file beside its directory, by `..` and by a link',
    guest: 'fixtures/directory.wat',
    calls: [read('granted.txt'), read('../secret.txt'), read('link.txt')],
    good: read('granted.txt'),
    directories: true,
    judge: ([granted, ...others]) => {
      if (!granted?.output?.includes('granted')) return undefined
      const [parent, link] = others.map(({ output }) => output?.includes(SECRET))
      if (!parent && !link) return 'refused'
      return `**reads it** by ${[parent && '`..`', link && 'the link'].filter(Boolean).join(' and ')}`
    },
  },
  {
    name: 'readonly',
    title: 'writes in a directory that it may only read',
    guest: 'fixtures/directory.wat',
    calls: [read('granted.txt'), { method: 'write', input: 'new.txt' }, read('new.txt')],
    good: read('granted.txt'),
    readonly: true,
    unavailable: { 'extism-1': 'has no such grant', 'extism-2': 'has no such grant' },
    judge: ([granted, , written]) => {
      if (!granted?.output?.includes('granted')) return undefined
      return written?.output?.includes('the extension was here') ? '**writes**' : 'refused'
    },
  },
  {
    name: 'environment',
    title: 'reads environment variables',
    guest: 'bench/attacks/guests/environment.wat',
    calls: attack,
    judge: ([{ output, length }]) => {
      if (output?.includes(SECRET)) return '**reads them**'
      return length === 0 ? 'sees none' : undefined
    },
  },
]
