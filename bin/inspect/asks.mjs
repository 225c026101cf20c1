// What a module asks its host for beside its input, told from what it imports, and what of it is granted.

import { isOurs } from './offered.mjs'

/**
 * What is asked for or granted. Many languages import what has to do with files whether a program uses it or not.
 * @param {{ module: string, name: string, kind: string, offered: boolean }[]} imports
 * @param {import('../../index.js').Permissions} permissions
 * @returns {{ what: 'network' | 'directories' | 'morphir' | 'functions', imports: string[], granted: boolean }[]}
 */
export function asksOf(imports, { network = false, allowedHosts = [], filesystem = [], readonlyPaths = [] }) {
  const functions = imports.filter(({ kind }) => kind === 'function')
  const asked = (from, asks) => functions.filter(({ module, name }) => module === from && asks(name)).map(nameOf)
  const others = functions.filter((found) => !isOurs(found) && !RESERVED.has(found.module))
  return [
    {
      what: 'network',
      imports: asked('extism:host/env', (name) => name === 'http_request'),
      granted: network || allowedHosts.length > 0,
    },
    {
      what: 'directories',
      imports: asked('wasi_snapshot_preview1', (name) => name.startsWith('path_')),
      granted: filesystem.length + readonlyPaths.length > 0,
    },
    { what: 'morphir', imports: asked(MORPHIR, (name) => isOurs({ module: MORPHIR, name })), granted: true },
    { what: 'functions', imports: others.filter(({ offered }) => offered).map(fullNameOf), granted: true },
    { what: 'functions', imports: others.filter(({ offered }) => !offered).map(fullNameOf), granted: false },
  ].filter(({ what, imports, granted }) => imports.length > 0 || (granted && MAY_BE_UNUSED.has(what)))
}

const MORPHIR = 'extism:host/user'
/** Nobody but the host itself fills these. */
const RESERVED = new Set(['extism:host/env', 'wasi_snapshot_preview1'])
/** What is of interest also where it is granted for nothing. */
const MAY_BE_UNUSED = new Set(['network', 'directories'])

const nameOf = ({ name }) => name
const fullNameOf = ({ module, name }) => `${module}::${name}`
