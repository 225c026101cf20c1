/** A name of the IR's with its package and module, in a reference to it, has so many brackets in brackets. */
const LEVELS = 4
const INDENT = '  '
/** A string, a bracket, a comma, a colon, or anything else that is one word; white space lies between them. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:]+/g

/**
 * JSON over several lines, to be read. What holds few levels of brackets stays on one, however long: so two models that differ only in
 * names have their lines in common. It goes by the text alone, so that no digit and no escape changes, and takes text
 * that is not JSON as it comes.
 */
export function layOut(json: string): string {
  const tokens = json.match(TOKEN) ?? []
  const heights = heightsOf(tokens)
  const lines: string[] = []
  let line = ''
  /** Of the brackets that are open now, whether each is on one line. */
  const flat: boolean[] = []
  const breakLine = () => {
    lines.push(line)
    line = INDENT.repeat(flat.length)
  }
  for (const [index, token] of tokens.entries()) {
    const onOneLine = flat.at(-1) ?? false
    if (token === '[' || token === '{') {
      line += token
      flat.push(heights[index]! <= LEVELS)
      if (!flat.at(-1)) breakLine()
    } else if (token === ']' || token === '}') {
      flat.pop()
      if (!onOneLine) breakLine()
      line += token
    } else if (token === ',') {
      line += onOneLine ? ', ' : token
      if (!onOneLine) breakLine()
    } else {
      line += token === ':' ? ': ' : token
    }
  }
  lines.push(line)
  return `${lines.join('\n')}\n`
}

/** How many levels of brackets each opening bracket begins, itself included; other tokens have no entry. */
function heightsOf(tokens: string[]): number[] {
  const heights: number[] = []
  const open: number[] = []
  for (const [index, token] of tokens.entries()) {
    if (token === '[' || token === '{') {
      heights[index] = 1
      open.push(index)
    } else if (token === ']' || token === '}') {
      const opened = open.pop()
      const around = open.at(-1)
      if (opened !== undefined && around !== undefined) {
        heights[around] = Math.max(heights[around]!, heights[opened]! + 1)
      }
    }
  }
  return heights
}
