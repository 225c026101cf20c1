// What a module asks its host for beside its input, told from what it imports, and what of it is granted.

/**
 * What is asked for or granted. Many languages import what has to do with files whether a program uses it or not.
 * @param {{ module: string, name: string, kind: string }[]} imports
 * @param {import('../../index.js').Permissions} permissions
 * @returns {{ what: 'network' | 'directories', imports: string[], granted: boolean }[]}
 */
export function asksOf(imports, { network = false, allowedHosts = [], filesystem = [], readonlyPaths = [] }) {
  const asked = (from, asks) =>
    imports
      .filter(({ module, name, kind }) => kind === 'function' && module === from && asks(name))
      .map(({ name }) => name)
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
  ].filter(({ imports, granted }) => granted || imports.length > 0)
}
