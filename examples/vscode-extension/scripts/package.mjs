// npm run package: a VSIX for each platform whose addon is there.

import { parseArgs } from 'node:util'
import { Failure, WrongUsage } from '../../../scripts/lib/failure.mjs'
import { main } from '../../../scripts/lib/main.mjs'
import { availableTargets, TARGETS } from './host.mjs'
import { makeVsix } from './vsix.mjs'

const USAGE = `npm run package [-- --target ${Object.keys(TARGETS).join('|')}]; without it, all whose addon is there.`

await main(async () => {
  const target = targetOf(process.argv.slice(2))
  const available = availableTargets()
  const others = Object.keys(TARGETS).filter((name) => !available.includes(name))
  console.log(`Addons are there for ${available.join(', ') || 'no platform'}; not for ${others.join(', ') || 'none'}.`)
  if (target === undefined && available.length === 0) {
    throw new Failure('There is nothing to package.', {
      advice: 'npm run build, in the repository, makes the addon of this machine.',
    })
  }
  for (const name of target === undefined ? available : [target]) console.log(`Packaged: ${await makeVsix(name)}`)
}, USAGE)

function targetOf(args) {
  let target
  try {
    target = parseArgs({ args, options: { target: { type: 'string' } } }).values.target
  } catch (error) {
    throw new WrongUsage(error.message, USAGE)
  }
  if (target === undefined || target in TARGETS) return target
  throw new WrongUsage(`There is no platform named ${target}.`, USAGE)
}
