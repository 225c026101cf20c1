type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false

/** Fails to compile where a value's type is not the one expected: `same<string>()(value)`. */
export function same<Expected>() {
  return function check<Actual>(_value: Actual, ..._same: Same<Actual, Expected> extends true ? [] : [never]): void {}
}
