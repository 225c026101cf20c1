// npm run sbom: what the published addon is made of, as a CycloneDX document in dist/. The JavaScript depends on nothing.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { main } from './lib/main.mjs'
import { root } from './lib/places.mjs'
import { platforms } from './lib/platforms.mjs'
import { count } from './lib/quantity.mjs'
import { run } from './lib/run.mjs'
import { step } from './lib/step.mjs'
import { installToolchain } from './lib/toolchain.mjs'

const CRATE = 'morphir-extension-host-node'
const OWN = new Set(['morphir-extension-host', CRATE])

const USAGE = 'npm run sbom; lists what the addon and the package are made of, in dist/.'

await main(async () => {
  const { env } = await installToolchain()
  await step('Listing what the addon is made of', async (live) => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const components = await crates(env)
    const path = join(root, 'dist', `${manifest.napi.binaryName}.cdx.json`)
    mkdirSync(join(root, 'dist'), { recursive: true })
    writeFileSync(path, `${JSON.stringify(document(manifest, components), null, 2)}\n`)
    live.note(`${count(components.length, 'crate')}, in ${relative(root, path)}`)
  })
}, USAGE)

/** Every crate that is compiled into the addon of some platform; not those that only build it or test it. */
async function crates(env) {
  const targets = platforms.flatMap(({ target }) => ['--filter-platform', target])
  const { stdout } = await run('cargo', ['metadata', '--format-version', '1', '--locked', ...targets], { env })
  const { packages, resolve } = JSON.parse(stdout.join('\n'))
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const reached = new Set()
  const visit = (id) => {
    if (reached.has(id)) return
    reached.add(id)
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) if (kinds.some(({ kind }) => kind === null)) visit(pkg)
  }
  visit(packages.find(({ name }) => name === CRATE).id)
  const checksums = checksumsOf(readFileSync(join(root, 'Cargo.lock'), 'utf8'))
  return packages
    .filter(({ id, name }) => reached.has(id) && !OWN.has(name))
    .map((crate) => component(crate, checksums.get(`${crate.name} ${crate.version}`)))
    .toSorted((one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1))
}

function component({ name, version, license, repository }, checksum) {
  const purl = `pkg:cargo/${name}@${version}`
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    ...(checksum !== undefined && { hashes: [{ alg: 'SHA-256', content: checksum }] }),
    // Cargo still takes the slash that its first version took for `OR`.
    ...(license && { licenses: [{ expression: license.replaceAll(/\s*\/\s*/g, ' OR ') }] }),
    purl,
    ...(repository && { externalReferences: [{ type: 'vcs', url: repository }] }),
  }
}

function checksumsOf(lock) {
  const entries = lock.matchAll(/^name = "(.+)"\nversion = "(.+)"\nsource = .*\nchecksum = "(.+)"$/gm)
  return new Map([...entries].map(([, name, version, checksum]) => [`${name} ${version}`, checksum]))
}

function document({ name, version, license, description }, components) {
  const [group, short] = name.split('/')
  const purl = `pkg:npm/${encodeURIComponent(group)}/${short}@${version}`
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: new Date().toISOString(),
      component: {
        type: 'library',
        'bom-ref': purl,
        group,
        name: short,
        version,
        description,
        licenses: [{ license: { id: license } }],
        purl,
      },
    },
    components,
    dependencies: [{ ref: purl, dependsOn: components.map((crate) => crate['bom-ref']) }],
  }
}
