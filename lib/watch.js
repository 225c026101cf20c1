'use strict'

// For authors: whenever a module's file changes, its extension is loaded anew.

const { statSync } = require('node:fs')
const { stat } = require('node:fs/promises')
const { tell } = require('./events.js')

/** How often to look, in milliseconds. Events of a file system miss directories that are made anew, links, and network drives. */
const INTERVAL = 100

/** Watches one file until it is closed, without keeping the process alive. */
class Watcher {
  #path
  #act
  #debounce
  #timer
  /** The file as it was when the extension was loaded from it last. */
  #loaded
  /** The file as it was seen last, and since when it has been so. */
  #seen
  #since = 0
  #closed = false
  #atEnd

  /**
   * @param {string} path the file
   * @param {{ act: () => Promise<void>, debounce: number, atEnd: () => void }} what to do at each change, how long the file must have
   *   been the same, and whom to tell of the end
   */
  constructor(path, { act, debounce, atEnd }) {
    this.#path = path
    this.#act = act
    this.#debounce = debounce
    this.#atEnd = atEnd
    this.#begin()
  }

  /** The extension comes from another file now. */
  follow(path) {
    if (path === this.#path) return
    this.#path = path
    this.#begin()
  }

  close() {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    this.#atEnd()
  }

  [Symbol.dispose]() {
    this.close()
  }

  /** At once, because the next change may come with the next line of whoever asked for it. */
  #begin() {
    try {
      this.#loaded = this.#seen = signature(statSync(this.#path, { bigint: true }))
    } catch {
      this.#loaded = this.#seen = undefined
    }
    this.#lookLater()
  }

  #lookLater() {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), Math.min(INTERVAL, this.#debounce)).unref()
  }

  async #look() {
    const path = this.#path
    const now = await stat(path, { bigint: true }).then(signature, () => undefined)
    if (this.#closed || path !== this.#path) return
    if (now !== this.#seen) {
      this.#seen = now
      this.#since = performance.now()
    }
    // While it is not there, somebody is about to put it there.
    const changed = now !== undefined && now !== this.#loaded
    if (changed && performance.now() - this.#since >= this.#debounce) {
      this.#loaded = now
      await this.#act()
    }
    if (path === this.#path) this.#lookLater()
  }
}

/** What tells one state of a file from another. */
function signature({ dev, ino, size, mtimeNs, ctimeNs }) {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

/** The watchers of one host, by extension. */
class Watchers {
  /** @type {Map<number, Set<Watcher>>} */
  #of = new Map()

  /**
   * @param {number} id whose file it is
   * @param {string} path the file
   * @param {{ reload: () => Promise<object>, debounce: number, onReload?: Function, onError?: Function, signal?: AbortSignal }} options
   */
  add(id, path, { reload, debounce, onReload, onError, signal }) {
    const act = async () => {
      try {
        const event = await reload()
        if (onReload !== undefined) tell(onReload, event)
      } catch (error) {
        // It was unloaded meanwhile.
        if (error.code === 'NotFound' || error.code === 'Closed' || error.code === 'Cancelled') return
        if (onError === undefined) warn(path, error)
        else tell(onError, error)
      }
    }
    const end = () => watcher.close()
    const watcher = new Watcher(path, {
      act,
      debounce,
      atEnd: () => {
        signal?.removeEventListener('abort', end)
        const there = this.#of.get(id)
        there?.delete(watcher)
        if (there?.size === 0) this.#of.delete(id)
      },
    })
    const there = this.#of.get(id) ?? new Set()
    this.#of.set(id, there.add(watcher))
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) watcher.close()
    return watcher
  }

  /** Whether somebody watches. Nobody does any more once an extension is being unloaded. */
  has(id) {
    return this.#of.has(id)
  }

  /** The extension comes from this file now, or from none. */
  follow(id, path) {
    for (const watcher of [...this.#of.get(id)]) {
      if (path === null) watcher.close()
      else watcher.follow(path)
    }
  }

  close(id) {
    for (const watcher of [...(this.#of.get(id) ?? [])]) watcher.close()
  }

  closeAll() {
    for (const id of [...this.#of.keys()]) this.close(id)
  }
}

/** Nobody asked to hear of it, but an author who wonders why nothing changes has to. */
function warn(path, { code, message }) {
  process.emitWarning(`${path} was not loaded anew: ${message}`, { type: 'ExtensionWarning', code })
}

module.exports = { Watchers }
