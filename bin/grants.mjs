// What the command line grants an extension, and how it is loaded: the same options for every command that loads one.

import { basename, extname } from 'node:path'
import { flag, text, texts } from './arguments.mjs'
import { functionsOf } from './functions.mjs'

export const GRANTS = {
  config: text,
  sha256: text,
  'max-memory': text,
  'max-execution-time': text,
  timeout: text,
  'max-output': text,
  'max-fuel': text,
  'allow-path': texts,
  'readonly-path': texts,
  'allow-host': texts,
  network: flag,
  functions: text,
  'cache-dir': text,
  'no-cache': flag,
}

/** How it is spoken to, for the commands that take any extension. */
export const PROTOCOL = { dialect: text, lifecycle: text }

export const PROTOCOL_USAGE = `  --dialect <name>             which protocol it speaks: morphir, mep or raw (told from its exports)
  --lifecycle <name>           none for a plain Extism plug-in, without \`initialize\` and \`capabilities\`: the dialect raw`

export const GRANTS_USAGE = `  --config <json>              what its \`initialize\` is given; @file reads it from a file
  --sha256 <digits>            what the file must hash to
  --timeout <time>             how long a call may run, and how long start-up: 5s, 500ms, or milliseconds (30s);
                               --max-execution-time, the permission's own name, is the same
  --max-memory <size>          all memory of the extension: 64MiB, 100MB, or bytes (256MiB)
  --max-output <size>          the longest answer (256MiB)
  --max-fuel <count>           how many instructions a call may run (not counted)
  --allow-path <dir>[=<name>]  a directory to read and write, under its own name or another
  --readonly-path <dir>[=<name>]  a directory to read
  --allow-host <host>          a host to reach over HTTP: api.example.org, *.example.org, or an address
  --network                    every host that has a public address
  --functions <file>           functions it may import: a module whose default export is what \`functions\` is in a program
  --cache-dir <dir>            where compiled modules are kept (a folder in your cache directory)
  --no-cache                   keeps none`

/** The permissions that the command line names; without what it leaves to their defaults. */
export function permissionsOf(line) {
  const { values } = line
  if (values.timeout !== undefined && values['max-execution-time'] !== undefined) {
    throw line.wrong('--timeout and --max-execution-time are the same; give one.')
  }
  const permissions = {
    maxMemory: quantity(values['max-memory']),
    maxExecutionTime: quantity(values.timeout ?? values['max-execution-time']),
    maxOutput: quantity(values['max-output']),
    maxFuel: line.count('max-fuel', 1, Number.MAX_SAFE_INTEGER),
    filesystem: values['allow-path']?.map((grant) => directory(grant, line)),
    readonlyPaths: values['readonly-path']?.map((grant) => directory(grant, line)),
    allowedHosts: values['allow-host'],
    network: values.network,
  }
  return Object.fromEntries(Object.entries(permissions).filter(([, value]) => value !== undefined))
}

/** What `loadExtension` takes. */
export async function configurationOf(line, path) {
  const config = line.object('config')
  const { dialect, lifecycle, sha256 } = line.values
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw line.wrong(`--sha256 must be 64 hexadecimal digits; it is ${JSON.stringify(sha256)}.`)
  }
  const permissions = permissionsOf(line)
  const functions = await functionsOf(line)
  return {
    name: basename(path, extname(path)),
    source: { type: 'wasm', path, ...(sha256 !== undefined && { sha256 }) },
    permissions,
    ...(functions !== undefined && { functions }),
    ...(config !== undefined && { config }),
    ...(dialect !== undefined && { dialect }),
    ...(lifecycle !== undefined && { lifecycle }),
  }
}

/** What `new ExtensionHost` takes. */
export function hostOptionsOf(line) {
  const { 'cache-dir': cacheDir, 'no-cache': noCache = false } = line.values
  if (cacheDir !== undefined && noCache) throw line.wrong('--cache-dir and --no-cache exclude each other.')
  if (cacheDir === '') throw line.wrong('--cache-dir is empty.')
  return noCache ? { cacheDir: false } : { cacheDir }
}

/** Digits alone are bytes or milliseconds. */
function quantity(value) {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : value
}

function directory(grant, line) {
  const at = grant.lastIndexOf('=')
  const [path, guestPath] = at < 0 ? [grant] : [grant.slice(0, at), grant.slice(at + 1)]
  if (path === '' || guestPath === '') {
    throw line.wrong(`${JSON.stringify(grant)} is no directory: write the directory, or the directory=its name there.`)
  }
  return guestPath === undefined ? path : { path, guestPath }
}
