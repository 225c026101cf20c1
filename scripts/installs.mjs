// npm run installs: publishes the packages to a registry on this machine, installs from it as users do, and runs what was installed.

import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { environment, place, tools } from './installs/tools.mjs'
import { withRegistry } from './installs/registry.mjs'
import { Failure, WrongUsage } from './lib/failure.mjs'
import { compileGuest } from './lib/guest.mjs'
import { main } from './lib/main.mjs'
import { installPackages } from './lib/packages.mjs'
import { root } from './lib/places.mjs'
import { builtAddon, platformHere, platforms } from './lib/platforms.mjs'
import { attempt, ending, run } from './lib/run.mjs'
import { step } from './lib/step.mjs'
import { green } from './lib/style.mjs'
import { packMain, packPlatform, readManifest } from './lib/tarball.mjs'

const USAGE = `npm run installs; publishes the packages to a registry on this machine, and installs from it with npm, pnpm and Yarn: where it
fits, without optional packages, and for another system. The addon has to be built before; for systems whose addon is not, a file without
one is published there, which is installed and never loaded.

Exit code: 0 each got the addon that fits, or the one error that says what is missing; 1 not so; 2 wrong arguments.`

const PATIENCE = 120_000
/** How the program that uses the package ends where there is no addon for it. */
const ABSENT = /ExtensionError: The package \S+ \S+, the addon for \S+, is not installed\.[\s\S]*code: 'IoError'/
const PROGRAM = `import { createRequire } from 'node:module'
import { ExtensionHost } from '@finos/morphir-extension-host'

const required = createRequire(import.meta.url)('@finos/morphir-extension-host')
if (required.ExtensionHost !== ExtensionHost) throw new Error('import and require differ')
const host = new ExtensionHost({ cacheDir: 'cache' })
const id = await host.loadExtension({ name: 'counter', source: { type: 'wasm', path: 'counter.wasm' } })
console.log(await host.call(id, 'count'))
await host.close()
`

await main(async () => {
  if (process.argv.length > 2) throw new WrongUsage(`It takes no ${process.argv[2]}.`, USAGE)
  await installPackages()
  await installPackages(place)
  const here = platformHere()
  if (here === undefined || builtAddon(here) === undefined)
    throw new Failure('The addon is not built.', { advice: 'npm run build.' })
  const other = platforms.find(({ os, cpu, abi }) => os === 'linux' && cpu !== here.cpu && abi === 'musl')
  const elsewhere = ['--os', other.os, '--cpu', other.cpu, '--libc', 'musl']
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'morphir-extension-host-installs-'))
  try {
    await withRegistry(directory, async (address) => {
      const env = environment(address, directory)
      writeFileSync(join(directory, '.npmrc'), `${address.replace('http:', '')}:_authToken=none\n`)
      const tarballs = join(directory, 'tarballs')
      await step('Packing', () => packAll(directory, tarballs))
      await step('Publishing to a registry on this machine', () =>
        run(process.execPath, [join(root, 'scripts', 'publish.mjs'), '--from', tarballs], { env, timeout: PATIENCE }),
      )
      const all = tools()
      const install = (tool, args, wanted) => tryOut({ ...tool, directory, env: { ...env, ...tool.env } }, args, wanted)
      for (const tool of Object.values(all)) {
        const found = platforms.filter(({ os, cpu }) => os === here.os && cpu === here.cpu)
        await install(tool, [], { packages: tool.everyLibc ? found : [here], works: true })
      }
      await install(all.npm, ['--omit=optional'], { packages: [], works: false })
      await install(all.npm, elsewhere, { packages: [other], works: false })
    })
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
  console.log(green('Each installed what it should.'))
}, USAGE)

async function packAll(directory, tarballs) {
  await packMain(tarballs)
  for (const platform of platforms) {
    const standIn = join(directory, platform.file)
    if (builtAddon(platform) === undefined)
      writeFileSync(standIn, `The addon for ${platform.name} is not built here.\n`)
    await packPlatform(builtAddon(platform) === undefined ? { ...platform, binary: standIn } : platform, tarballs)
  }
}

function tryOut({ name, command, node = [process.execPath], directory, env }, args, { packages, works }) {
  return step(['Installing with', name, ...args].join(' '), async (live) => {
    const project = mkdtempSync(join(directory, 'project-'))
    writeFileSync(join(project, 'package.json'), '{ "name": "project", "version": "1.0.0", "type": "module" }\n')
    // Yarn looks for a project upwards until it finds a lock file.
    if (name.startsWith('Yarn')) writeFileSync(join(project, 'yarn.lock'), '')
    writeFileSync(join(project, 'program.mjs'), PROGRAM)
    await compileGuest('fixtures/counter.wat', project)
    const [program, ...first] = command
    const options = { cwd: project, env, timeout: PATIENCE }
    await run(program, [...first, readManifest(root).name, ...args], options)

    const found = addons(project)
    const wanted = packages.map((platform) => platform.name)
    if (found.join() !== wanted.join())
      throw new Failure(`It installed ${found.join(', ') || 'no addon'}, and not ${wanted.join(', ') || 'none'}.`)

    const [runner, ...before] = node
    const end = await attempt(runner, [...before, 'program.mjs'], options)
    const well = works ? end.code === 0 && end.stdout.join() === '101' : ABSENT.test(end.lines.join('\n'))
    if (!well) throw new Failure(`${ending(end, runner, ['program.mjs'])}.`, { output: end.lines })
    live.note(`${found.join(', ') || 'no addon'}${works ? '' : ': the error says what is missing'}`)
  })
}

/** The platforms whose addons are anywhere in a project. */
function addons(project) {
  const files = new Set(readdirSync(project, { recursive: true }).map((path) => basename(path)))
  return platforms.filter(({ file }) => files.has(file)).map(({ name }) => name)
}
