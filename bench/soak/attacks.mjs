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
  Trap: [
    'recurse',
    'recurse_in_host',
    'recurse_in_wasi',
    'block_forged_for_variable',
    'block_forged_for_log',
    'block_forged_for_error',
    'print_vectors',
    'sleep_for_many',
    'network',
    'output_outside',
  ],
  MemoryLimit: [
    'hoard_variables',
    'output_too_long',
    'output_wraps',
    'output_by_second_import',
    'kernel_input',
  ],
  ExtensionError: ['error_long', 'error_imitates'],
}

/** Guests whose attack comes to nothing. */
const harmless = [
  'grow_memory',
  'grow_table',
  'sleep',
  'kernel_overwritten',
  'kernel_reset',
  'log_long',
  'files',
  'output_forged',
  'block_forged_for_value',
]

export const attacks = [
  ...Object.entries(failing).flatMap(([code, names]) =>
    names.map((name) => ({ name: `hostile/${name}`, code, time: code === 'Timeout' ? FAST : ENOUGH })),
  ),
  ...harmless.map((name) => ({ name: `hostile/${name}`, code: undefined, time: ENOUGH })),
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
