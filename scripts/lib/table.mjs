/** Rows of text as lines with aligned columns, indented by two; columns named in `right` are numbers. */
export function table(rows, { right = [] } = {}) {
  const widths = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
    )
    return `  ${cells.join('   ')}`.trimEnd()
  })
}
