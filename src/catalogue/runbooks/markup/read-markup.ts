// The order in which a source becomes plain Markdown: its characters, another markup as a whole, then boxes, tags and
// lists. The numbers of the lines stay with their rows.

import { withoutBoxes } from './admonitions.js'
import { fromAsciidoc, isAsciidoc } from './asciidoc.js'
import { plainBullets } from './bullets.js'
import { plainCharacters } from './characters.js'
import { withoutComments } from './comments.js'
import { withoutTags } from './components.js'
import { wholeBlocks } from './html-blocks.js'
import { brokenUp } from './long-texts.js'
import { plainLists } from './marked-lists.js'
import { fromOrg, isOrg } from './org.js'
import { fromRestructured, isRestructured } from './restructured.js'
import { markCode, type Note, type Row, rowsOf } from './rows.js'
import { unknownMarkup } from './unknown.js'
import { fromWiki, isWiki } from './wiki.js'

export type Markup = {
  text: string
  /** The line in the source, of each line of the text. */
  lines: readonly number[]
  notes: Note[]
}

export function readMarkup(source: string): Markup {
  const notes: Note[] = []
  const rows = rewrite(markCode(rowsOf(plainCharacters(source))), notes)
  return { text: rows.map(({ text }) => text).join('\n'), lines: rows.map(({ line }) => line), notes }
}

function rewrite(rows: readonly Row[], notes: Note[]): Row[] {
  const said = markCode(fromOthers(withoutComments(rows, notes), notes))
  unknownMarkup(said, notes)
  const boxless = markCode(withoutBoxes(said))
  const tagless = markCode(withoutTags(boxless))
  return brokenUp(plainLists(plainBullets(wholeBlocks(tagless))))
}

function fromOthers(rows: readonly Row[], notes: Note[]): Row[] {
  let read = [...rows]
  if (isWiki(read)) read = fromWiki(read)
  else if (isOrg(read)) read = fromOrg(read)
  if (isAsciidoc(read)) read = markCode(fromAsciidoc(read, notes))
  if (isRestructured(read)) read = fromRestructured(read, notes)
  return read
}
