'use strict'

// Functions that guests call. The core carries what they ask to this thread, where the function runs while the guest's thread waits.

const { isUint8Array } = require('node:util').types
const { ExtensionError } = require('./error.js')

/** The key of what carries requests over the network. */
const NETWORK = 0

/** What one host's guests may call, by the key that the core has for it. */
class Functions {
  #native
  #workOf
  #request
  #offered = new Map()
  #lastKey = NETWORK
  /** Calls that somebody waits for, by number. */
  #running = new Map()

  /**
   * @param {(ticket: number) => object | undefined} workOf finds the work during which a function is called
   * @param {(asked: object, signal: AbortSignal) => Promise<object>} request makes requests over the network
   */
  constructor(workOf, request) {
    this.#workOf = workOf
    this.#request = request
  }

  /** Begins to answer what the guests of a host ask. */
  start(native) {
    this.#native = native
    // Weak, because the core would keep its host for ever.
    const weak = new WeakRef(this)
    native.startFunctions(() => weak.deref()?.deliver())
  }

  /** Takes functions on. Answers them as the core wants them. */
  offer(functions) {
    return functions.map(({ namespace, name, form, call }) => {
      this.#lastKey += 1
      this.#offered.set(this.#lastKey, { form, call })
      return { namespace, name, key: this.#lastKey, bytes: form === 'bytes' }
    })
  }

  /** Forgets functions that no guest can call any more. */
  withdraw(functions) {
    for (const { key } of functions) this.#offered.delete(key)
  }

  deliver() {
    for (const news of this.#native.takeAsked()) {
      if (news.abandoned === undefined) this.#answer(news)
      else this.#running.get(news.number)?.abandon(news.abandoned)
    }
  }

  /** Calls a function, and answers its guest when it has. */
  async #answer(asked) {
    const work = this.#workOf(asked.ticket)
    const running = new Running(asked, work)
    this.#running.set(asked.number, running)
    try {
      if (asked.key === NETWORK) {
        const { status, headers, body } = await this.#request(asked, running.signal)
        this.#native.respond(asked.number, status, headers, body)
      } else {
        const { form, call } = this.#find(asked)
        const answer = await call(...read(asked, form), running)
        this.#native.answer(asked.number, asked.answers ? write(answer, form) : undefined)
      }
    } catch (error) {
      this.#native.fail(asked.number, messageOf(error), kept(error, work))
    } finally {
      this.#running.delete(asked.number)
    }
  }

  /** Calls a function for a guest on this very thread. */
  answerNow(asked, work) {
    try {
      if (asked.key === NETWORK) {
        throw new Error('during callSync nothing can wait for the network: use call')
      }
      const { form, call } = this.#find(asked)
      const answer = call(...read(asked, form), new Running(asked, work))
      if (typeof answer?.then === 'function') {
        // What becomes of it is of no use, but not to be reported as unhandled either.
        answer.then(undefined, () => {})
        throw new Error('it answers a promise, and during callSync nothing can wait for one: use call')
      }
      return { value: asked.answers ? write(answer, form) : undefined }
    } catch (error) {
      return { failure: messageOf(error), thrown: kept(error, work) }
    }
  }

  #find({ key }) {
    const offered = this.#offered.get(key)
    if (offered === undefined) throw new Error('its extension is not loaded any more')
    return offered
  }
}

/** One call of a function, as the function sees it. */
class Running {
  #controller

  constructor({ extension, method }, work) {
    this.extension = extension
    this.id = work?.id
    this.method = method ?? undefined
    this.call = work?.call
  }

  /** Aborted when the guest waits no more; made for those who look at it. */
  get signal() {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  abandon(code) {
    const message = code === 'Timeout' ? 'The call ran out of time.' : 'The call was cancelled.'
    const { extension, method } = this
    this.#controller ??= new AbortController()
    this.#controller.abort(new ExtensionError({ code, message, extension, method }))
  }
}

/** The arguments of a call, in the form that its function takes. */
function read({ arguments: blocks }, form) {
  return blocks.map((block) => {
    if (block === null) return undefined
    if (form === 'bytes') return block
    if (typeof block !== 'string') throw new Error('it was handed something that is not UTF-8')
    if (form === 'text') return block
    try {
      return JSON.parse(block)
    } catch (cause) {
      const message = `it was handed something that is not JSON: ${cause.message}. To take text, offer it as { text }`
      throw new Error(message, { cause })
    }
  })
}

/** An answer as the guest gets it. */
function write(answer, form) {
  if (answer === undefined) return undefined
  if (form === 'json') {
    const text = JSON.stringify(answer)
    if (text === undefined) throw new TypeError(`it answered a ${typeof answer}, which cannot be written as JSON`)
    return text
  }
  if (typeof answer === 'string' || (form === 'bytes' && isUint8Array(answer))) return answer
  throw new TypeError(`it has to answer ${form === 'bytes' ? 'a Uint8Array or a string' : 'a string'}`)
}

/** Whatever was thrown: its own methods may throw as well. */
function messageOf(error) {
  try {
    return typeof error?.message === 'string' && error.message !== '' ? error.message : String(error)
  } catch {
    return 'it threw something that has no text'
  }
}

/** Keeps what was thrown for the error of the call. Answers where. */
function kept(error, work) {
  if (work === undefined) return undefined
  work.thrown ??= []
  return work.thrown.push(error) - 1
}

module.exports = { Functions }
