import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import loadWabt from 'wabt'
import { root } from '../../scripts/lib/places.mjs'

const FEATURES = {
  bulk_memory: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  sign_extension: true,
  tail_call: true,
}

/** The modules of fixtures/*.wat and fixtures/hostile/*.wat, by their names: `echo`, `hostile/recurse`. */
export async function compileGuests() {
  const wabt = await loadWabt()
  const guests = {}
  for (const prefix of ['', 'hostile/']) {
    const directory = join(root, 'fixtures', prefix)
    for (const file of readdirSync(directory).filter((file) => file.endsWith('.wat'))) {
      const module = wabt.parseWat(file, new Uint8Array(readFileSync(join(directory, file))), FEATURES)
      try {
        guests[prefix + file.slice(0, -'.wat'.length)] = module.toBinary({}).buffer
      } finally {
        module.destroy()
      }
    }
  }
  return guests
}
