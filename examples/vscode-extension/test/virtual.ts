import { runAll } from './mocha'
import { provideElsewhere } from './elsewhere'

/** What the editor calls, with a folder that is in no file system. */
export function run(): Promise<void> {
  provideElsewhere()
  return runAll(async () => {
    await import('./virtual.test')
  })
}
