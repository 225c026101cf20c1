// Fully qualified names in an IR of format version 3: [package path, module path, local name], a path being a list of names and
// a name a list of words.

/**
 * A few names before and after: some that belong to the package, each of another module as far as there are enough, and
 * one that does not.
 * @returns {[string, string][]}
 */
export function examples(before, after, packageName, most = 5) {
  const own = new Map()
  let foreign
  visit(before, [], (name, place) => {
    if (pathText(name[0]) !== packageName) foreign ??= { name, place }
    else if (!own.has(fullText(name))) own.set(fullText(name), { name, place })
  })
  const modules = new Set()
  const first = []
  const rest = []
  for (const found of own.values()) {
    const module = pathText(found.name[1])
    ;(modules.has(module) ? rest : first).push(found)
    modules.add(module)
  }
  const chosen = [...first, ...rest].slice(0, most)
  if (foreign !== undefined) chosen.push(foreign)
  // Read at the same place in the other IR, not made up: what is there is what the extension wrote.
  return chosen.map(({ name, place }) => [fullText(name), fullText(place.reduce((node, key) => node[key], after))])
}

/** The name of a model's package, where the IR has one. */
export function packageOf(ir) {
  const path = ir?.distribution?.[1]
  return isPath(path) ? pathText(path) : undefined
}

/** A dotted name as the IR spells it: `FR2052A` is four words, which read `FR2052A` again, and `iOS` reads `IOS`. */
export function normalized(dotted) {
  return pathText(dotted.split('.').map((part) => (part.match(/[a-zA-Z][a-z]*|[0-9]+/g) ?? []).map(lower)))
}

function visit(node, place, found) {
  if (isFullName(node)) return found(node, place)
  if (typeof node !== 'object' || node === null) return
  for (const key of Object.keys(node)) visit(node[key], [...place, key], found)
}

function isFullName(node) {
  return Array.isArray(node) && node.length === 3 && isPath(node[0]) && isPath(node[1]) && isName(node[2])
}

function isPath(node) {
  return Array.isArray(node) && node.length > 0 && node.every(isName)
}

function isName(node) {
  return Array.isArray(node) && node.length > 0 && node.every((word) => typeof word === 'string')
}

function fullText([packagePath, modulePath, [first, ...words]]) {
  return `${pathText(packagePath)}:${pathText(modulePath)}:${first}${words.map(capital).join('')}`
}

function pathText(path) {
  return path.map((words) => words.map(capital).join('')).join('.')
}

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function lower(word) {
  return word.toLowerCase()
}
