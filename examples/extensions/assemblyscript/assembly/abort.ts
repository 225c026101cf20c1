import { Host, LogLevel } from '@extism/as-pdk'

/** In place of the `abort` that AssemblyScript would import: says where the program went wrong, and ends it. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  Host.log(LogLevel.Error, `${message ? message : 'abort'} in ${file ? file : '?'}:${line}:${column}`)
  unreachable()
}
