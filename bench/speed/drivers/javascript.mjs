// The same work in plain JavaScript on the main thread, without any sandbox.

import { renamePackage } from '../ir.mjs'

export const concurrent = false

export async function load() {
  return {
    /** What JSON costs whoever calls with it: written once, read once. */
    call: async (_, params) => JSON.parse(JSON.stringify(params)),
    raw: async (_, input) => new TextEncoder().encode(renamePackage(new TextDecoder().decode(input))),
  }
}
