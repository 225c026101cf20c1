// What a script finds, with the names of Extism's JavaScript kit, over the few functions that the engine hands in.
// oxlint-disable-next-line no-unused-expressions -- its value is what the engine takes
;(function (native) {
  const text = (value) => {
    if (typeof value === 'string') return value
    if (value instanceof Error) return `${value}\n${value.stack}`
    return (typeof value === 'object' && value !== null && JSON.stringify(value)) || String(value)
  }
  const log =
    (level) =>
    (...values) =>
      native.log(level, values.map(text).join(' '))
  const bytes = (value) =>
    ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value)

  globalThis.console = { debug: log(0), log: log(1), info: log(1), warn: log(2), error: log(3) }
  globalThis.Host = {
    inputString: native.inputString,
    inputBytes: () => native.inputBytes().buffer,
    outputString: (value) => native.outputString(String(value)),
    outputBytes: (value) => native.outputBytes(bytes(value)),
  }
  globalThis.Config = { get: (key) => native.configGet(String(key)) ?? null }
  globalThis.Var = {
    getString: (key) => native.varString(String(key)) ?? null,
    getBytes: (key) => native.varBytes(String(key))?.buffer ?? null,
    set: (key, value) =>
      typeof value === 'string'
        ? native.varSetString(String(key), value)
        : native.varSetBytes(String(key), bytes(value)),
  }

  // QuickJS reads and writes JSON by recursion, and what it cannot see the end of is WebAssembly's own stack.
  const { parse } = JSON
  JSON.parse = (json, reviver) => {
    const text = String(json)
    native.checkNesting(text)
    return parse(text, reviver)
  }
})
