import { runAll } from './mocha'

/** What the editor calls, with a folder that nobody trusts. */
export function run(): Promise<void> {
  return runAll(async () => {
    await import('./untrusted.test')
  })
}
