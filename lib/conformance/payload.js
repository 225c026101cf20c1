'use strict'

// Params of any size and kind, made from those that the extension is known to answer.

/** The modules of the IR in some params, where there are any: a file of format version 3. */
function modulesOf(params) {
  const modules = params?.ir?.distribution?.[3]?.modules
  return Array.isArray(modules) && modules.length > 0 ? modules : undefined
}

function withModules(params, modules) {
  const { ir } = params
  const distribution = ir.distribution.with(3, { ...ir.distribution[3], modules })
  return { ...params, ir: { ...ir, distribution } }
}

/** Copies of modules, each with a name of its own. */
function copies(modules, count) {
  return Array.from({ length: count }, (_, index) => {
    const [path, content] = modules[index % modules.length]
    return [[...path, ['copy', String(index)]], content]
  })
}

/** Params as JSON text of at least so many bytes: with more modules where they have an IR, else with white space, which JSON allows. */
function grown(params, bytes) {
  const text = JSON.stringify(params)
  const missing = bytes - Buffer.byteLength(text)
  if (missing <= 0) return text
  const modules = modulesOf(params)
  if (modules === undefined) return ' '.repeat(missing) + text
  const each = Buffer.byteLength(JSON.stringify(modules)) / modules.length
  const more = copies(modules, Math.ceil(missing / each))
  return JSON.stringify(withModules(params, [...modules, ...more]))
}

/** As many variants of params as asked, as JSON text, all of about the same size and no two alike. */
function varied(params, count) {
  const modules = modulesOf(params)
  return Array.from({ length: count }, (_, index) =>
    modules === undefined
      ? ' '.repeat(index) + JSON.stringify(params)
      : JSON.stringify(withModules(params, [...modules, copies(modules, count)[index]])),
  )
}

/** The same params with some text as the documentation of each module, or nothing where there is none to document. */
function documented(params, text) {
  const modules = modulesOf(params)
  if (modules === undefined) return undefined
  const withText = modules.map(([path, content]) => [path, { ...content, value: { ...content.value, doc: text } }])
  return withModules(params, withText)
}

module.exports = { documented, grown, varied }
