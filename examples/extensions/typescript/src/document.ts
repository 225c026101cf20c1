import { nameOf, readLibrary } from './ir'

/** Gives each module without documentation the text; answers how many there were. */
export function document(ir: Record<string, unknown>, text: string): number {
  if (ir.formatVersion !== 3) {
    console.log('passed through an IR of another format version')
    return 0
  }
  const { path, definitions } = readLibrary(ir.distribution)
  const bare = definitions.filter(({ doc }) => doc === undefined || doc === null || doc === '')
  for (const definition of bare) definition.doc = text
  console.log(`documented ${bare.length} of ${definitions.length} modules of ${nameOf(path)}`)
  return bare.length
}
