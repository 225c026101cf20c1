import Mocha from 'mocha'

/** Runs what `load` describes, one after the other, and fails if one does. */
export async function runAll(load: () => Promise<void>): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', reporter: 'tap', timeout: 60_000 })
  mocha.suite.emit('pre-require', globalThis, 'suite', mocha)
  await load()
  const failures = await new Promise<number>((resolve) => mocha.run(resolve))
  if (failures > 0) throw new Error(`${failures} failed`)
}
