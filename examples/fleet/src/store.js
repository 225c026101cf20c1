// The files that all workers see: packages by the hash of their content, results by the job that made them. On one machine a folder, on
// several one that they share.

import { createHash, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export class Store {
  #packages
  #results

  constructor(directory = process.env.FLEET_STORE ?? 'store') {
    this.#packages = join(directory, 'packages')
    this.#results = join(directory, 'results')
  }

  /** Keeps a package, and answers its hash. */
  async put(bytes) {
    const hash = hashOf(bytes)
    await mkdir(this.#packages, { recursive: true })
    await writeOnce(this.packageOf(hash), bytes)
    return hash
  }

  /** The package with this hash, and no other. */
  async get(hash) {
    const bytes = await readFile(this.packageOf(hash))
    if (hashOf(bytes) !== hash) throw new Error(`The package ${hash} has changed since it was submitted.`)
    return bytes
  }

  /** Keeps a job's result, if this is the first time; answers its hash and whether it was. */
  async putResult(job, bytes) {
    await mkdir(this.#results, { recursive: true })
    return { hash: hashOf(bytes), first: await writeOnce(this.resultOf(job), bytes) }
  }

  packageOf(hash) {
    return join(this.#packages, `${hash}.json`)
  }

  resultOf(job) {
    return join(this.#results, `${job}.json`)
  }
}

/** A file is there whole or not at all, whenever its writer is killed, and the first writer wins. */
async function writeOnce(path, bytes) {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, bytes)
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  } finally {
    await unlink(draft)
  }
}

function hashOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
