// What hostile guests come to; fixtures/hostile tells what they do.

const FAST = '100ms'
const ENOUGH = '5s'

/** Guests that load and fail in their method `attack`. */
const failing = {
  Timeout: [
    'loop_of_host_calls',
    'loop_of_tail_calls',
    'loop_of_growth',
    'loop_of_allocations',
    'loop_in_kernel',
    'loop_in_kernel_for_log',
    'log_flood',
    'print_flood',
  ],
  Trap: ['recurse', 'recurse_in_host', 'recurse_in_wasi', 'print_vectors', 'sleep_for_many', 'network'],
  MemoryLimit: ['hoard_variables', 'output_too_long', 'output_wraps', 'output_by_second_import', 'kernel_input'],
  ExtensionError: ['error_long', 'error_imitates'],
}

/** Guests whose attack comes to nothing. */
const harmless = ['grow_memory', 'grow_table', 'sleep', 'kernel_overwritten', 'kernel_reset', 'log_long', 'files']

/** Guests that write over what Extism keeps in their memory. Whatever comes of it is theirs, as long as it comes to no more. */
const forging = [
  'output_forged',
  'output_outside',
  'block_forged_for_variable',
  'block_forged_for_value',
  'block_forged_for_log',
  'block_forged_for_error',
  'value_written_outside',
]
const ANY = ['ok', 'Trap', 'Timeout', 'MemoryLimit', 'ExtensionError']

/** Each with what its calls may come to: `ok`, or an error's code. */
export const attacks = [
  ...Object.entries(failing).flatMap(([code, names]) =>
    names.map((name) => ({ name: `hostile/${name}`, codes: [code], time: code === 'Timeout' ? FAST : ENOUGH })),
  ),
  ...harmless.map((name) => ({ name: `hostile/${name}`, codes: ['ok'], time: ENOUGH })),
  ...forging.map((name) => ({ name: `hostile/${name}`, codes: ANY, time: FAST })),
]

/** Guests that do not even load. */
export const unloadable = [
  { name: 'hostile/loop_in_start', code: 'Timeout', time: FAST },
  { name: 'hostile/loop_in_reactor', code: 'Timeout', time: FAST },
  { name: 'hostile/loop_in_constructors', code: 'Timeout', time: FAST },
  { name: 'hostile/trap_in_start', code: 'InitializationFailed', time: ENOUGH },
  { name: 'hostile/exit_in_start', code: 'InitializationFailed', time: ENOUGH },
  { name: 'hostile/hoard_twice', code: 'MemoryLimit', time: ENOUGH },
  { name: 'hostile/hoard_in_start', code: 'MemoryLimit', time: ENOUGH },
]
