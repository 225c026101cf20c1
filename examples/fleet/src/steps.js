/**
 * The pipeline, in order. Another extension is another entry here.
 *
 * - `extension`: its name in errors
 * - `module`: where it lies, on every machine that has a worker
 * - `method`, and the `options` for a package of some name
 */
export const steps = [
  {
    extension: 'rename-package',
    module: new URL('../extensions/rename-package.wasm', import.meta.url),
    method: 'transform',
    options: (packageName) => ({ to: packageName.replace('Tidewater', 'NorthSea') }),
  },
  {
    extension: 'document-modules',
    module: new URL('../extensions/document-modules.wasm', import.meta.url),
    method: 'transform',
    options: (packageName) => ({ documentation: `Part of ${packageName}.` }),
  },
]
