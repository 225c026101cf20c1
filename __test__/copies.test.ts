import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const extensions = new URL('../examples/extensions/', import.meta.url)
const source = (extension: string, file: string) =>
  readFileSync(new URL(`${extension}/src/${file}`, extensions), 'utf8')

// Each example can be copied alone, so what several need is in each: once changed, it has to change in all.
it.each(['json.rs', 'ir.rs', 'name.rs'])('%s is the same in ir-stats, json-schema and lint', (file) => {
  for (const extension of ['json-schema', 'lint']) expect(source(extension, file)).toBe(source('ir-stats', file))
})
