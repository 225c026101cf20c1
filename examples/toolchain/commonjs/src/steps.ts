import type { Ir } from './ir.js'

/** What an extension answers. One that only looks at the IR answers no output, and the IR goes on as it is. */
export interface Answer {
  output?: Ir
  [figure: string]: unknown
}

export interface Step {
  /** Its name, and that of its module: extensions/<extension>.wasm. */
  extension: string
  method: string
  /** What it is to do with the package of this name. */
  options: (packageName: string) => object
  /** What to say about its answer. */
  remark: (answer: Answer) => string
}

/** The pipeline. Another extension is another entry here, and its module in the folder extensions. */
export const steps: readonly Step[] = [
  {
    extension: 'rename-package',
    method: 'transform',
    options: (packageName) => ({ to: packageName.replace('Tidewater', 'NorthSea') }),
    remark: ({ references }) => `references renamed: ${references}`,
  },
  {
    extension: 'document-modules',
    method: 'transform',
    options: (packageName) => ({ documentation: `Part of ${packageName}.` }),
    remark: ({ documented }) => `modules documented: ${documented}`,
  },
]
