/** The report as JSON, with errors as objects. */
export function jsonOf({ checks, ...report }) {
  const plain = checks.map(({ error, ...result }) => ({
    ...result,
    ...(error !== undefined && { error: plainError(error) }),
  }))
  return JSON.stringify({ ...report, checks: plain }, null, 2)
}

function plainError(error) {
  if (!(error instanceof Error)) return error
  const { name, code, message, extension, method, cause } = error
  return { name, code, message, extension, method, ...(cause !== undefined && { cause: plainError(cause) }) }
}
