// Colour only where a person looks and has not said no: https://no-color.org

const style = (code, stream) => {
  const coloured = stream.isTTY === true && !process.env.NO_COLOR
  return (text) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text)
}

export const bold = style(1, process.stdout)
export const dim = style(2, process.stdout)
export const red = style(31, process.stdout)
export const green = style(32, process.stdout)
export const dimOnError = style(2, process.stderr)
export const redOnError = style(31, process.stderr)
