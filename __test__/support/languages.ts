/** The example extensions that all do the same, each in a language of its own. */
export const LANGUAGES = ['rust', 'go', 'javascript', 'typescript', 'python', 'c', 'cpp', 'zig', 'assemblyscript']

/** Where `npm run build:extensions` leaves an extension's module. */
export const moduleOf = (language: string) =>
  new URL(`../../examples/extensions/${language}/extension.wasm`, import.meta.url)
