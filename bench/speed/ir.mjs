// Larger models out of a small one, and the work of the extension rename-package in plain JavaScript.

/** The same model with its modules over and over, under new names, until its JSON has at least so many bytes. */
export function withMoreModules(model, bytes) {
  const [kind, name, dependencies, definition] = model.distribution
  const modules = definition.modules.map((entry) => ({ entry, length: JSON.stringify(entry).length }))
  const more = []
  for (let length = 0; length < bytes;) {
    const copy = Math.floor(more.length / modules.length)
    const { entry, length: added } = modules[more.length % modules.length]
    const [path, module] = entry
    more.push([copy === 0 ? path : [...path, ['copy', String(copy)]], module])
    length += added
  }
  return { ...model, distribution: [kind, name, dependencies, { ...definition, modules: more }] }
}

/** What the extension's `transform` does: text of params in, text of a result out. */
export function renamePackage(params) {
  const { ir, options } = JSON.parse(params)
  const [, name, dependencies] = ir.distribution
  const from = JSON.stringify(name)
  const to = pathOf(options.to)
  let references = 0
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node) && isFullName(node) && JSON.stringify(node[0]) === from) {
      node[0] = to
      references += 1
      return
    }
    for (const key of Object.keys(node)) visit(node[key])
  }
  visit(ir.distribution)
  ir.distribution[1] = to
  for (const dependency of dependencies) if (JSON.stringify(dependency[0]) === from) dependency[0] = to
  return JSON.stringify({ transformed: true, references, output: ir })
}

function pathOf(dotted) {
  return dotted.split('.').map((part) => part.match(/[A-Z][a-z0-9]*/g).map((word) => word.toLowerCase()))
}

/** Of the three parts of a fully qualified name only the last is one name. */
function isFullName(node) {
  return node.length === 3 && isPath(node[0]) && isPath(node[1]) && isName(node[2])
}

function isPath(node) {
  return Array.isArray(node) && node.length > 0 && node.every(isName)
}

function isName(node) {
  return Array.isArray(node) && node.length > 0 && node.every((word) => typeof word === 'string')
}
