import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { guest } from './guest.ts'
import { temporaryDirectory } from './directory.ts'

/** A project's directory: its `morphir.toml`, and guests by the paths under which it has them. */
export async function project(toml: string, guests: Record<string, string> = {}): Promise<Project> {
  const directory = temporaryDirectory()
  for (const [path, name] of Object.entries(guests)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), await guest(name))
  }
  const file = join(directory, 'morphir.toml')
  writeFileSync(file, toml)
  return { directory, file }
}

export interface Project {
  directory: string
  file: string
}
