'use strict'

// What a host tells those who listen. While nobody does, there is no emitter, and no event is made.

const { EventEmitter } = require('node:events')
const { wrong } = require('./arguments.js')

const OF_CALLS = ['extension.call.started', 'extension.call.completed', 'extension.call.failed']
const NAMES = ['extension.loaded', 'extension.failed', 'extension.unloaded', ...OF_CALLS, 'log']

class Events {
  /** Made for the first listener. */
  #emitter

  on(name, listener) {
    this.#add('on', name, listener)
  }

  once(name, listener) {
    this.#add('once', name, listener)
  }

  off(name, listener) {
    check(name, listener)
    this.#emitter?.off(name, listener)
  }

  #add(method, name, listener) {
    check(name, listener)
    this.#emitter ??= new EventEmitter()
    this.#emitter[method](name, listener)
  }

  /** Whether somebody listens to this. */
  has(name) {
    return this.#emitter !== undefined && this.#emitter.listenerCount(name) > 0
  }

  /** Whether somebody listens to calls. */
  hasCalls() {
    return this.#emitter !== undefined && OF_CALLS.some((name) => this.#emitter.listenerCount(name) > 0)
  }

  tell(name, event) {
    // One by one, because an emitter stops at the first listener that throws.
    for (const listener of this.#emitter?.rawListeners(name) ?? []) tell(listener, event)
  }

  /** Makes a load or a reload, and tells of it. */
  async ofLoad({ id: known, extension, reloads = false }, load) {
    const since = performance.now()
    try {
      const id = await load()
      if (this.has('extension.loaded')) {
        const duration = performance.now() - since
        this.tell('extension.loaded', { id, extension, reloaded: reloads, duration })
      }
      return id
    } catch (error) {
      if (this.has('extension.failed')) this.tell('extension.failed', { id: known, extension, error })
      throw error
    }
  }

  /** Makes a call, and tells of it if somebody listens. With many inputs it may have a `failure` although it settles well. */
  ofCall(work, make, failure = () => undefined) {
    if (!this.hasCalls()) return make()
    const end = this.#start(work)
    return make().then(
      (value) => {
        end(failure(value))
        return value
      },
      (error) => {
        end(error)
        throw error
      },
    )
  }

  /** Makes a call on this thread, and tells of it. */
  ofCallNow(work, make) {
    const end = this.#start(work)
    try {
      const value = make()
      end()
      return value
    } catch (error) {
      end(error)
      throw error
    }
  }

  /** Tells that a call starts. Answers how to tell that it ended. */
  #start({ call, id, extension, method }) {
    const event = { call, id, extension, method }
    const since = performance.now()
    this.tell('extension.call.started', event)
    return (error) => {
      const duration = performance.now() - since
      if (error === undefined) this.tell('extension.call.completed', { ...event, duration })
      else this.tell('extension.call.failed', { ...event, duration, error })
    }
  }
}

/** Tells a listener something. Its mistake must not keep a call from settling; it is reported as any uncaught error is. */
function tell(listener, event) {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

function check(name, listener) {
  if (!NAMES.includes(name)) throw wrong('The event', `one of ${NAMES.join(', ')}`, name)
  if (typeof listener !== 'function') throw wrong('The listener', 'a function', listener)
}

module.exports = { Events, tell }
