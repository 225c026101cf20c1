import { plain } from '../failure.mjs'
import { pageOfJson } from '../json.mjs'

/** The report as JSON, with errors as objects. */
export function jsonOf({ checks, ...report }) {
  const all = checks.map(({ error, ...result }) => ({ ...result, ...(error !== undefined && { error: plain(error) }) }))
  return pageOfJson({ ...report, checks: all })
}
