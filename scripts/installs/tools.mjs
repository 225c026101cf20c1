// What installs packages, and how each is told which registry, which place for its cache, and which system.

import { fileURLToPath } from 'node:url'
import { npmCommand, script } from '../lib/packages.mjs'

export const place = fileURLToPath(new URL('.', import.meta.url)).replace(/[\\/]$/, '')

const tool = (name, command) => [process.execPath, script(name, { command, directory: place })]
const NPM = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string[]} command what installs a package, whose name comes behind
 * @property {string[]} [node] what runs a program in the project, if not node itself
 * @property {boolean} [everyLibc] whether it takes the packages for all C libraries, not knowing the difference
 */

/** @returns {Record<string, Tool>} not before they are installed */
export function tools() {
  const yarn = tool('@yarnpkg/cli-dist', 'yarn')
  return {
    npm: { name: 'npm', command: [...npmCommand(), ...NPM] },
    pnpm: { name: 'pnpm', command: [...tool('pnpm', 'pnpm'), 'add', '--ignore-scripts', '--reporter=append-only'] },
    yarn1: {
      name: 'Yarn 1',
      command: [...tool('yarn', 'yarn'), 'add', '--ignore-scripts', '--no-progress'],
      everyLibc: true,
    },
    yarn: { name: 'Yarn 4', command: [...yarn, 'add'], env: { YARN_NODE_LINKER: 'node-modules' } },
    pnp: { name: 'Yarn 4 without node_modules', command: [...yarn, 'add'], node: [...yarn, 'node'] },
  }
}

/** The environment in which they know one registry, and leave the user's own files alone. */
export function environment(address, home) {
  return {
    HOME: home,
    USERPROFILE: home,
    NPM_CONFIG_USERCONFIG: `${home}/.npmrc`,
    NPM_CONFIG_REGISTRY: address,
    NPM_CONFIG_CACHE: `${home}/npm`,
    NPM_CONFIG_STORE_DIR: `${home}/pnpm`,
    NPM_CONFIG_UPDATE_NOTIFIER: 'false',
    YARN_REGISTRY: address,
    YARN_CACHE_FOLDER: `${home}/yarn`,
    YARN_NPM_REGISTRY_SERVER: address,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_GLOBAL_CACHE: 'false',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_NPM_MINIMAL_AGE_GATE: '0',
  }
}
