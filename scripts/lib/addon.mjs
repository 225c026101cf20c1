import { cargoProgress, locked } from './cargo.mjs'
import { script } from './packages.mjs'
import { run } from './run.mjs'
import { step } from './step.mjs'

/** Builds the addon for this machine; what has not changed, cargo does not build again. */
export async function buildAddon({ host, env }, profile = 'release') {
  const title = profile === 'release' ? 'Building the addon' : `Building the addon with the profile ${profile}`
  await step(title, async (live) => {
    const args = ['build', '--platform', '--target', host]
    args.push(...(profile === 'release' ? ['--release'] : ['--profile', profile]))
    args.push('--js', 'binding.js', '--dts', 'binding.d.ts', '--no-const-enum')
    if (locked.length > 0) args.push('--', ...locked)
    await run(process.execPath, [script('@napi-rs/cli', { command: 'napi' }), ...args], {
      env,
      onLine: cargoProgress(live),
      advice: 'the first error above is the one to mend; the first build needs crates.io and about 3 GB of disk.',
    })
  })
}
