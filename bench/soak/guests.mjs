import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/lib/places.mjs'
import { moduleOf } from '../../scripts/lib/guest.mjs'

/** The modules of fixtures/*.wat and fixtures/hostile/*.wat, by their names: `echo`, `hostile/recurse`. */
export async function compileGuests() {
  const guests = {}
  for (const prefix of ['', 'hostile/']) {
    const directory = `fixtures/${prefix}`
    for (const file of readdirSync(join(root, directory)).filter((file) => file.endsWith('.wat'))) {
      guests[prefix + file.slice(0, -'.wat'.length)] = await moduleOf(directory + file)
    }
  }
  return guests
}
