// What went wrong, for people and as JSON.

import { isInterrupted } from './interrupt.mjs'
import { pageOfJson } from './json.mjs'
import { inLine, printable } from './printable.mjs'
import { redOnError } from './style.mjs'

const WHAT_TO_DO = {
  InvalidSource: 'morphir-extension-host inspect shows what is in it; docs/writing-extensions.md how one is built.',
  Timeout: 'Grant more time, --timeout 60s, or send less.',
  MemoryLimit: 'Grant more memory, --max-memory 1GiB; it includes what goes in and comes out.',
  FuelExhausted: 'Grant more with --max-fuel.',
  SerializationError: 'For what is not JSON there is --raw.',
  ProtocolError: 'The extension has a defect; --raw takes any bytes.',
}

/** Why a load or a call failed, to standard error. */
export function sayFailure(error, line) {
  refuse(error, line)
  // That it was taken back, whoever pressed Ctrl-C knows.
  if (isInterrupted()) return
  const { code, message, cause } = error
  console.error(`${redOnError(code)}: ${printable(message)}`)
  const underneath = cause instanceof Error ? cause.message : undefined
  if (underneath && !message.includes(underneath)) console.error(`  because: ${inLine(underneath)}`)
  const advice = adviceFor(error)
  if (advice !== undefined) console.error(advice)
}

/** The same as JSON, to standard output. */
export function sayFailureAsJson(error, line) {
  refuse(error, line)
  console.log(pageOfJson({ error: plain(error) }))
}

/** What was asked for makes no sense, or is a defect of this command: neither is a failure of the extension. */
function refuse(error, line) {
  if (error.code === 'InvalidConfig') throw line.wrong(error.message)
  if (error.code === undefined) throw error
}

function adviceFor({ code, message }) {
  if (code === 'InitializationFailed' && message.includes('exports no function')) {
    return 'A plain Extism plug-in needs --lifecycle none.'
  }
  if (code === 'Trap' && /`http_request`.*\bgrant(ed)?\b/.test(message)) {
    return 'Grant the host with --allow-host, or every public one with --network.'
  }
  if (code === 'InvalidSource' && message.includes('load it with `functions`')) {
    return 'Here they come from a file: --functions functions.mjs.'
  }
  // The same code for what has limits of its own, in whichever spelling.
  if (code === 'MemoryLimit' && /`max_?output`/i.test(message)) return 'Grant longer answers with --max-output.'
  if (code === 'MemoryLimit' && message.endsWith('bytes of variables.')) return undefined
  return WHAT_TO_DO[code]
}

/** An error as JSON has it. */
export function plain(error) {
  if (!(error instanceof Error)) return error
  const { name, code, message, extension, method, index, cause } = error
  return { name, code, message, extension, method, index, ...(cause !== undefined && { cause: plain(cause) }) }
}
