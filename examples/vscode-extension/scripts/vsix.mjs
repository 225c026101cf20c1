import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../../scripts/lib/failure.mjs'
import { installPackages, script } from '../../../scripts/lib/packages.mjs'
import { root } from '../../../scripts/lib/places.mjs'
import { run } from '../../../scripts/lib/run.mjs'
import { step } from '../../../scripts/lib/step.mjs'
import { installHost, module, TARGETS } from './host.mjs'
import { build, dist, example } from './places.mjs'

/** Makes the VSIX of one platform. Answers its path. */
export async function makeVsix(target) {
  await installPackages(example)
  await installHost(target)
  await bundle()
  return step(`Packaging for ${target}`, async (live) => {
    const vsix = join(build, `morphir-extensions-${target}.vsix`)
    // What users of the editor read is not what README.md says to those who embed the host.
    const flags = ['--no-dependencies', '--allow-missing-repository', '--readme-path', 'MARKETPLACE.md']
    await run(process.execPath, [vsce(), 'package', '--target', target, ...flags, '--out', vsix], { cwd: example })
    live.note(`${(await checkContent(vsix, target)).length} files`)
    return vsix
  })
}

/** One file of JavaScript, and the addon beside it as it is. The types are checked, which esbuild does not do. */
async function bundle() {
  await step('Checking types and bundling', async () => {
    for (const folder of ['src', 'test']) {
      await run(process.execPath, [script('typescript', { command: 'tsc', directory: example }), '-p', folder], {
        cwd: example,
      })
    }
    rmSync(dist, { recursive: true, force: true })
    await esbuild('src/extension.ts', join(dist, 'extension.js'))
    cpSync(module, join(dist, 'rename-package.wasm'))
    cpSync(join(root, 'LICENSE'), join(example, 'LICENSE'))
    mkdirSync(join(build, 'test'), { recursive: true })
    for (const suite of ['trusted', 'untrusted', 'virtual']) {
      await esbuild(`test/${suite}.ts`, join(build, 'test', `${suite}.js`), ['mocha'])
    }
    await esbuild('test/figures.ts', join(build, 'test', 'figures.js'))
  })
}

/**
 * `copy`, not `file`: that one answers a path where `require` wants the addon, and shows it only when it is run. What is not there for
 * this platform, the package asks for in a `try`, and esbuild leaves that be.
 */
async function esbuild(entry, outfile, external = []) {
  // Not until it is installed.
  const { build } = await import('esbuild')
  await build({
    absWorkingDir: example,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode', ...external],
    loader: { '.node': 'copy' },
    assetNames: 'native/[name]',
    logLevel: 'error',
  })
}

/** A package that lacks the addon or the module installs well and fails at its first use: this looks before. */
async function checkContent(vsix, target) {
  const { stdout: files } = await run('unzip', ['-Z1', vsix], { advice: 'unzip has to be installed.' })
  const wanted = [
    'extension/package.json',
    'extension/readme.md',
    'extension/dist/extension.js',
    'extension/dist/rename-package.wasm',
    `extension/dist/native/morphir-extension-host.${TARGETS[target]}.node`,
  ]
  const missing = wanted.filter((file) => !files.includes(file))
  const addons = files.filter((file) => file.endsWith('.node'))
  if (missing.length > 0) throw new Failure(`The VSIX lacks ${missing.join(', ')}.`, { output: files })
  if (addons.length > 1) throw new Failure(`The VSIX has addons of other platforms: ${addons.join(', ')}.`)
  return files
}

function vsce() {
  return script('@vscode/vsce', { command: 'vsce', directory: example })
}
