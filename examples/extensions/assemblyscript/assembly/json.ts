// Reads JSON where it lies: in its UTF-8. What is checked once can be walked as slices of the text, so whatever an extension does
// not care about stays as it was written: numbers with their digits, strings with their escapes, at any depth.

import { refuse } from './problem'

/** One value as it is written, without the white space around it. */
export class Json {
  constructor(
    readonly text: Uint8Array,
    readonly begin: i32,
    readonly end: i32,
  ) {}

  get isObject(): bool {
    return at(this.text, this.begin) == Byte.OPEN_BRACE
  }

  get isArray(): bool {
    return at(this.text, this.begin) == Byte.OPEN_BRACKET
  }

  get isString(): bool {
    return at(this.text, this.begin) == Byte.QUOTE
  }

  /** Whether an array or object has anything in it. */
  get hasMembers(): bool {
    return this.first() >= 0
  }

  get written(): string {
    return slice(this.text, this.begin, this.end)
  }

  /** The member of this name, the last one where there are several; null if there is none, or no object. */
  member(name: string): Json | null {
    let found: Json | null = null
    if (!this.isObject) return found
    for (let next = this.first(); next >= 0;) {
      const key = valueAt(this.text, next)
      const value = valueAt(this.text, after(this.text, key.end))
      if (key.decode() == name) found = value
      next = after(this.text, value.end)
    }
    return found
  }

  /** The elements of an array; none of anything else. */
  elements(): Json[] {
    const elements: Json[] = []
    if (!this.isArray) return elements
    for (let next = this.first(); next >= 0;) {
      const element = valueAt(this.text, next)
      elements.push(element)
      next = after(this.text, element.end)
    }
    return elements
  }

  /** What a string says: without quotes and escapes. */
  decode(): string {
    let said = ''
    let copied = this.begin + 1
    for (let index = copied; index < this.end - 1; index += 1) {
      if (at(this.text, index) != Byte.BACKSLASH) continue
      said += slice(this.text, copied, index)
      index += 1
      const letter = at(this.text, index)
      if (letter == Byte.U) {
        // Pairs come as two escapes, as strings hold them.
        said += String.fromCharCode(hexAt(this.text, index + 1))
        index += 4
      } else {
        said += String.fromCharCode(unescaped(letter))
      }
      copied = index + 1
    }
    return said + slice(this.text, copied, this.end - 1)
  }

  /** Where the first entry of an array or object begins, or −1. */
  private first(): i32 {
    const index = skipSpace(this.text, this.begin + 1)
    return isClosing(at(this.text, index)) ? -1 : index
  }
}

const enum Byte {
  QUOTE = 0x22,
  COMMA = 0x2c,
  MINUS = 0x2d,
  DOT = 0x2e,
  ZERO = 0x30,
  COLON = 0x3a,
  OPEN_BRACKET = 0x5b,
  BACKSLASH = 0x5c,
  CLOSE_BRACKET = 0x5d,
  U = 0x75,
  OPEN_BRACE = 0x7b,
  CLOSE_BRACE = 0x7d,
}

/** The value that a whole text is; null, and the reason is kept, if it is not one. */
export function check(text: Uint8Array): Json | null {
  const begin = skipSpace(text, 0)
  const checker = new Checker(text, begin)
  if (!checker.value()) return null
  const end = checker.index
  if (skipSpace(text, end) == text.length) return new Json(text, begin, end)
  checker.fail('nothing may follow the value')
  return null
}

class Checker {
  /** What is open, kept here and not on the stack: it may be as deep as it likes. */
  private nesting: u8[] = []
  private done: bool = false

  constructor(
    readonly text: Uint8Array,
    public index: i32,
  ) {}

  fail(why: string): bool {
    refuse(`${why}, at byte ${this.index}`)
    return false
  }

  value(): bool {
    do {
      this.space()
      const open = this.peek()
      if (open == Byte.OPEN_BRACE || open == Byte.OPEN_BRACKET) {
        this.nesting.push(<u8>open)
        this.index += 1
        this.space()
        if (this.peek() != open + 2) {
          if (open == Byte.OPEN_BRACE && !this.key()) return false
          continue
        }
      } else if (!this.scalar()) {
        return false
      }
      if (!this.closings()) return false
    } while (!this.done)
    return true
  }

  /** What may follow a value: the ends of what it lies in, and the comma before the next. */
  private closings(): bool {
    while (this.nesting.length > 0) {
      this.space()
      const open: i32 = this.nesting[this.nesting.length - 1]
      const byte = this.peek()
      if (byte == Byte.COMMA) {
        this.index += 1
        return open == Byte.OPEN_BRACKET || this.key()
      }
      // In ASCII each closing bracket and brace is two behind the opening one.
      if (byte != open + 2) return this.fail(`a comma or ${String.fromCharCode(open + 2)} was expected`)
      this.index += 1
      this.nesting.pop()
    }
    this.done = true
    return true
  }

  private key(): bool {
    this.space()
    if (!this.string()) return false
    this.space()
    if (this.peek() != Byte.COLON) return this.fail('a colon was expected')
    this.index += 1
    return true
  }

  private scalar(): bool {
    const byte = this.peek()
    if (byte == Byte.QUOTE) return this.string()
    if (byte == 0x74) return this.word('true')
    if (byte == 0x66) return this.word('false')
    if (byte == 0x6e) return this.word('null')
    if (byte == Byte.MINUS || isDigit(byte)) return this.number()
    return this.fail('a value was expected')
  }

  private word(word: string): bool {
    for (let letter = 0; letter < word.length; letter += 1) {
      if (this.peek() != word.charCodeAt(letter)) return this.fail(`${word} was expected`)
      this.index += 1
    }
    return true
  }

  private number(): bool {
    if (this.peek() == Byte.MINUS) this.index += 1
    if (this.peek() == Byte.ZERO) this.index += 1
    else if (!this.digits()) return false
    if (this.peek() == Byte.DOT) {
      this.index += 1
      if (!this.digits()) return false
    }
    if ((this.peek() | 0x20) == 0x65) {
      this.index += 1
      if (this.peek() == 0x2b || this.peek() == Byte.MINUS) this.index += 1
      return this.digits()
    }
    return true
  }

  private digits(): bool {
    if (!isDigit(this.peek())) return this.fail('a digit was expected')
    while (isDigit(this.peek())) this.index += 1
    return true
  }

  private string(): bool {
    if (this.peek() != Byte.QUOTE) return this.fail('a string was expected')
    this.index += 1
    while (this.index < this.text.length) {
      const byte = this.peek()
      if (byte == Byte.QUOTE) {
        this.index += 1
        return true
      }
      if (byte == Byte.BACKSLASH) {
        if (!this.escape()) return false
        continue
      }
      if (byte < 0x20) return this.fail('a control character in a string')
      const length = byte < 0x80 ? 1 : utf8Length(this.text, this.index)
      if (length == 0) return this.fail('a string that is not UTF-8')
      this.index += length
    }
    return this.fail('a string that does not end')
  }

  private escape(): bool {
    this.index += 1
    const letter = this.peek()
    if (letter == Byte.U) {
      for (let digit = 1; digit <= 4; digit += 1) {
        if (hexDigit(this.peek(digit)) < 0) return this.fail('\\u needs four hexadecimal digits')
      }
      this.index += 5
      return true
    }
    if (unescaped(letter) < 0) return this.fail('an escape that there is not')
    this.index += 1
    return true
  }

  private space(): void {
    this.index = skipSpace(this.text, this.index)
  }

  /** The next byte, or one after that; 0, which JSON has nowhere, after the end. */
  private peek(ahead: i32 = 0): i32 {
    const index = this.index + ahead
    return index < this.text.length ? at(this.text, index) : 0
  }
}

// From here on the text is known to be JSON.

function valueAt(text: Uint8Array, begin: i32): Json {
  let index = begin
  const first = at(text, index)
  if (first == Byte.QUOTE) return new Json(text, begin, stringEnd(text, index))
  if (first != Byte.OPEN_BRACE && first != Byte.OPEN_BRACKET) {
    while (index < text.length && !endsScalar(at(text, index))) index += 1
    return new Json(text, begin, index)
  }
  let depth = 0
  do {
    const byte = at(text, index)
    if (byte == Byte.QUOTE) {
      index = stringEnd(text, index)
      continue
    }
    if (byte == Byte.OPEN_BRACE || byte == Byte.OPEN_BRACKET) depth += 1
    else if (isClosing(byte)) depth -= 1
    index += 1
  } while (depth > 0)
  return new Json(text, begin, index)
}

function stringEnd(text: Uint8Array, begin: i32): i32 {
  let index = begin + 1
  for (; at(text, index) != Byte.QUOTE; index += 1) {
    if (at(text, index) == Byte.BACKSLASH) index += 1
  }
  return index + 1
}

/** Where the next entry, or a key's value, begins: past the comma or colon; −1 after the last. */
function after(text: Uint8Array, end: i32): i32 {
  const index = skipSpace(text, end)
  return isClosing(at(text, index)) ? -1 : skipSpace(text, index + 1)
}

function skipSpace(text: Uint8Array, begin: i32): i32 {
  let index = begin
  while (index < text.length && isSpace(at(text, index))) index += 1
  return index
}

function endsScalar(byte: i32): bool {
  return byte == Byte.COMMA || isClosing(byte) || isSpace(byte)
}

function isClosing(byte: i32): bool {
  return byte == Byte.CLOSE_BRACE || byte == Byte.CLOSE_BRACKET
}

function isSpace(byte: i32): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
}

function isDigit(byte: i32): bool {
  return byte >= Byte.ZERO && byte <= 0x39
}

function hexDigit(byte: i32): i32 {
  if (isDigit(byte)) return byte - Byte.ZERO
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1
}

function hexAt(text: Uint8Array, index: i32): i32 {
  let number = 0
  for (let digit = 0; digit < 4; digit += 1) number = (number << 4) | hexDigit(at(text, index + digit))
  return number
}

/** What the letter after a backslash stands for, or −1. */
function unescaped(letter: i32): i32 {
  switch (letter) {
    case Byte.QUOTE:
    case Byte.BACKSLASH:
    case 0x2f:
      return letter
    case 0x62:
      return 0x08
    case 0x66:
      return 0x0c
    case 0x6e:
      return 0x0a
    case 0x72:
      return 0x0d
    case 0x74:
      return 0x09
    default:
      return -1
  }
}

/** How many bytes one character beyond ASCII has, 0 if it is none: not overlong, no half of a pair, not beyond Unicode. */
function utf8Length(text: Uint8Array, index: i32): i32 {
  const first = at(text, index)
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (index + length > text.length) return 0
  for (let more = 1; more < length; more += 1) {
    if ((at(text, index + more) & 0xc0) != 0x80) return 0
  }
  if (length < 3) return length
  const second = at(text, index + 1)
  if (first == 0xe0 && second < 0xa0) return 0
  if (first == 0xed && second >= 0xa0) return 0
  if (first == 0xf0 && second < 0x90) return 0
  if (first == 0xf4 && second >= 0x90) return 0
  return length
}

function slice(text: Uint8Array, begin: i32, end: i32): string {
  return String.UTF8.decodeUnsafe(text.dataStart + begin, end - begin)
}

/** Every index is checked where it is made; checking it here again would take half as long again. */
function at(text: Uint8Array, index: i32): i32 {
  return unchecked(text[index])
}
