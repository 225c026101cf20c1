/**
 * What a changelog tells of a version, without its heading.
 * @param {string} changelog
 * @param {string} version or Unreleased
 * @returns {string | undefined} nothing if it has no such heading
 */
export function section(changelog, version) {
  const [, ...parts] = changelog.split(/^## \[/m)
  const part = parts.find((each) => each.startsWith(`${version}]`))
  if (part === undefined) return undefined
  // Below the last one are the addresses of the headings.
  const [, text] = /^.*\n([\s\S]*?)(?=^\[[^\]]+\]: |(?![\s\S]))/m.exec(part)
  return `${text.trim()}\n`
}

/** Each paragraph and each item in a line of its own: the page of a release breaks its lines where the text does. */
export function unwrapped(text) {
  const parts = text.split(/(^```[\s\S]*?^```$)/m)
  const isCode = (index) => index % 2 === 1
  return parts
    .map((part, index) => (isCode(index) ? part : part.replaceAll(/(?<=\S)\n *(?=[^\s#|>*-])/g, ' ')))
    .join('')
}
