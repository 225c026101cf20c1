declare global {
  interface JSON {
    /** Of ES2026; not in every engine. */
    rawJSON?(text: string): unknown
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  }
}

/** Numbers that JavaScript would round or write otherwise stay as they are written, where the engine has `JSON.rawJSON`. */
export function parse(text: string, what: string): unknown {
  const { rawJSON } = JSON
  try {
    if (rawJSON === undefined) return JSON.parse(text)
    return JSON.parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined && source !== `${value}` ? rawJSON(source) : value,
    )
  } catch (error) {
    throw new Error(`${what} not JSON: ${(error as Error).message}`, { cause: error })
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
