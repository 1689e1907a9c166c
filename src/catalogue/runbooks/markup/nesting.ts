// Lists whose depth is told by how many signs they begin with (`. .. ...`, `# ##`, `* **`), as lists of Markdown.

import { type Row, withText } from './rows.js'

/** Counts the items of every depth; a text that belongs to no list begins anew. */
export class Nesting {
  #open: { isOrdered: boolean; count: number; offset: number; sign: string }[] = []

  reset(): void {
    this.#open = []
  }

  /** Is an item open that a continuation belongs to? */
  get isOpen(): boolean {
    return this.#open.length > 0
  }

  /** The item at the depth of its signs: `..` lies in `.`, and `*` in the `.` above it. */
  item(row: Row, signs: string, text: string, isOrdered = /[.#]$/.test(signs)): Row {
    const own = this.#open.findIndex(({ sign }) => sign === signs)
    if (own >= 0) this.#open.length = own + 1
    else {
      while (this.#open.length > 0 && isAbove(signs, this.#open.at(-1)!.sign)) this.#open.pop()
      this.#open.push({ isOrdered, count: 0, offset: 0, sign: signs })
    }
    const indent = this.#open.at(-2)?.offset ?? 0
    const item = this.#open.at(-1)!
    item.count++
    const mark = isOrdered ? `${item.count}.` : '-'
    item.offset = indent + mark.length + 1
    return withText(row, `${' '.repeat(indent)}${mark} ${text}`)
  }
}

/** `.` ends a list of `..`, of the same sign; another sign is nested. */
const isAbove = (signs: string, open: string): boolean =>
  signs.at(-1) === open.at(-1) && signs.length < open.length
