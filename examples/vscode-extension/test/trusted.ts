import { runAll } from './mocha'

/** What the editor calls. The order counts, because all share one editor: first what holds before anything is loaded. */
export function run(): Promise<void> {
  return runAll(async () => {
    await import('./activation.test')
    await import('./layout.test')
    await import('./tree.test')
    await import('./rename.test')
    await import('./hostile.test')
    await import('./close.test')
  })
}
