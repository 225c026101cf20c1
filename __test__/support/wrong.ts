/** Ids that are none: each is a programmer's mistake. */
export const WRONG_IDS: [string, unknown][] = [
  ['no id', undefined],
  ['null', null],
  ['text', '1'],
  ['a bigint', 1n],
  ['a fraction', 1.5],
  ['a negative number', -1],
  ['no number', Number.NaN],
  ['a number too large to be exact', 2 ** 53],
]

/** Methods that are none. */
export const WRONG_METHODS: [string, unknown][] = [
  ['no method', undefined],
  ['null', null],
  ['empty text', ''],
  ['a number', 5],
  ['a symbol', Symbol('method')],
]

/** Options of a call that are none, each with the error that it costs. */
export const WRONG_CALL_OPTIONS: [string, unknown, ErrorConstructor][] = [
  ['options that are null', null, TypeError],
  ['options that are a number', 500, TypeError],
  ['an option there is not', { timeOut: 500 }, TypeError],
  ['a signal that is none', { signal: {} }, TypeError],
  ['a signal that is null', { signal: null }, TypeError],
  ['a controller in place of its signal', { signal: new AbortController() }, TypeError],
  ['a timeout that is text', { timeout: '5s' }, TypeError],
  ['a timeout that is null', { timeout: null }, TypeError],
  ['a timeout of 0', { timeout: 0 }, RangeError],
  ['a negative timeout', { timeout: -1 }, RangeError],
  ['a timeout that is no number', { timeout: Number.NaN }, RangeError],
  ['a timeout without end', { timeout: Number.POSITIVE_INFINITY }, RangeError],
  ['a timeout of more than a day', { timeout: 86_400_001 }, RangeError],
]
