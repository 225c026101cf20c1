import { readFile } from 'node:fs/promises'

/** The content of a morphir-ir.json, as far as the pipeline needs to know it. */
export interface Ir {
  formatVersion: number
  distribution: [kind: string, packageName: string[][], ...rest: unknown[]]
}

export async function readIr(file: string): Promise<Ir> {
  const ir: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (isIr(ir)) return ir
  throw new Error('It is JSON, but not Morphir IR: it has no distribution with the name of a package.')
}

/** `[["tidewater"],["chartering"]]` → `Tidewater.Chartering` */
export function packageNameOf({ distribution: [, path] }: Ir): string {
  return path.map((name) => name.map(capitalized).join('')).join('.')
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function isIr(value: unknown): value is Ir {
  const path: unknown = (value as Partial<Ir> | null)?.distribution?.[1]
  return Array.isArray(path) && path.every((name) => Array.isArray(name))
}
