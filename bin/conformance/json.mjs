import { plain } from '../failure.mjs'

/** The report as JSON, with errors as objects. */
export function jsonOf({ checks, ...report }) {
  const all = checks.map(({ error, ...result }) => ({ ...result, ...(error !== undefined && { error: plain(error) }) }))
  return JSON.stringify({ ...report, checks: all }, null, 2)
}
