// Colour only where a person looks and has not said no: https://no-color.org

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR

const style = (code) => (text) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text)

export const dim = style(2)
export const red = style(31)
export const green = style(32)
