import { npmCommand } from '../lib/packages.mjs'
import { run } from '../lib/run.mjs'

/** Runs npm, which says nothing but what it was asked for. */
export function npm(args, options) {
  const [command, ...first] = npmCommand()
  return run(command, [...first, ...args], { ...options, env: { ...options.env, NPM_CONFIG_LOGLEVEL: 'error' } })
}

/** Installs what a project needs, and the tarballs in the place of what the registry has under their names. */
export function install(project, tarballs, live) {
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--ignore-scripts']
  return npm([...args, ...tarballs], {
    cwd: project,
    onLine: (line) => live.now(line.trim()),
    advice: 'check that the npm registry can be reached, then run it again.',
  })
}
