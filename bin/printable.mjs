// What an extension says goes to a terminal, which takes some signs for orders: colours, titles, even keys pressed.

// oxlint-disable-next-line no-control-regex -- they are what this is about
const ORDERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const escaped = (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Text with what a terminal would obey written out; in JSON it means the same. */
export function printable(text) {
  return text.replace(ORDERS, escaped)
}

/** The same in one line, and not endless. */
export function inLine(text, most = 500) {
  const line = printable(text.length > most ? `${text.slice(0, most)}…` : text)
  return line.replace(/\s*\n\s*/g, ' ')
}
