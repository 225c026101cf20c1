// Larger modules out of a small one: real compilers' code, as much of it as is wanted.

const FUNCTION_SECTION = 3
const CODE_SECTION = 10
const HEADER = 8

/** The same module with its functions over and over until it has about so many bytes. Nothing calls the new ones; compiled they are. */
export function withMoreCode(module, bytes) {
  const sections = [...readSections(module)]
  const code = sections.find(({ id }) => id === CODE_SECTION).content
  const times = Math.max(1, Math.round((bytes - module.length) / code.length) + 1)
  const enlarged = sections.map(({ id, content }) => {
    if (id !== FUNCTION_SECTION && id !== CODE_SECTION) return section(id, content)
    const [count, start] = readNumber(content, 0)
    const entries = Array.from({ length: times }, () => content.subarray(start))
    return section(id, Buffer.concat([writeNumber(count * times), ...entries]))
  })
  return Buffer.concat([module.subarray(0, HEADER), ...enlarged])
}

function* readSections(module) {
  for (let at = HEADER; at < module.length;) {
    const [length, start] = readNumber(module, at + 1)
    yield { id: module[at], content: module.subarray(start, start + length) }
    at = start + length
  }
}

function section(id, content) {
  return Buffer.concat([Buffer.from([id]), writeNumber(content.length), content])
}

/** An unsigned number in LEB128, and where it ends. */
function readNumber(bytes, at) {
  let number = 0
  for (let shift = 0; ; shift += 7, at += 1) {
    number |= (bytes[at] & 0x7f) << shift
    if (bytes[at] < 0x80) return [number, at + 1]
  }
}

function writeNumber(number) {
  const bytes = []
  for (; number >= 0x80; number >>>= 7) bytes.push((number & 0x7f) | 0x80)
  return Buffer.from([...bytes, number])
}
