// Paragraphs, cut where a line begins in bold, and what each part is: a label, a bold step, labelled text, or prose.

import type { Paragraph, PhrasingContent } from 'mdast'
import { dropStart, type Prose, proseOf } from './prose.js'
import { ownNumber } from './wording.js'

export type Passage = {
  type: 'passage'
  /** `label`: bold and nothing else. `step`: `**Step 1: ...**`. `labelled`: a bold name and text. */
  form: 'label' | 'step' | 'labelled' | 'plain'
  /** All of it, for a step without its number; for labelled text without the label. */
  prose: Prose
  label: string
}

const MOST_WORDS_OF_A_LABEL = 9

export function passagesOf(paragraph: Paragraph): Passage[] {
  const rows = rowsOf(paragraph.children)
  const isCut = rows.length > 1 && rows.every(row => row[0]?.type === 'strong')
  return (isCut ? rows : [paragraph.children])
    .map(passageOf)
    .filter(({ prose, label }) => prose.text || label)
}

function passageOf(row: readonly PhrasingContent[]): Passage {
  const prose = proseOf(row)
  const [first, ...others] = row
  const number = ownNumber(prose.text) ?? (first?.type === 'strong' ? namedNumber(prose.text) : undefined)
  const says = /^\W*(?:step|schritt|étape|etape|paso|passo|stap)(?!\p{L})/iu.test(prose.text)
  if (number && (first?.type === 'strong' || says) && prose.text.length > number.length)
    return { type: 'passage', form: 'step', prose: dropStart(prose, number.length), label: '' }
  if (first?.type !== 'strong') return { type: 'passage', form: 'plain', prose, label: '' }
  const bold = proseOf([first]).text
  const rest = proseOf(others).text
  if (/^[\s:.–—-]*$/.test(rest) && isLabel(bold, rest))
    return { type: 'passage', form: 'label', prose, label: bold.replace(/[\s:]+$/, '') }
  if (!bold.endsWith(':') && !rest.startsWith(':'))
    return { type: 'passage', form: 'plain', prose, label: '' }
  const start = bold.length + (/^[\s:]*/.exec(prose.text.slice(bold.length))?.[0].length ?? 0)
  const label = bold.replace(/[\s:]+$/, '')
  return { type: 'passage', form: 'labelled', prose: dropStart(prose, start), label }
}

/** `Check 1: ...`, `Option B - ...`: a thing to do that is counted, as a step is. */
function namedNumber(text: string): { length: number } | undefined {
  const match =
    /^\W{0,4}(?:checks?|options?|actions?|tasks?|fix|measure|prüfung|maßnahme|aktion|acción|opción|vérification|ação|opção)\s+#?(?:\d{1,2}|[A-Z])\s*(?:[:.)]|\s[-–—])\s*/iu.exec(
      text,
    )
  return match ? { length: match[0].length } : undefined
}

const isLabel = (bold: string, rest: string) =>
  bold.split(' ').length <= MOST_WORDS_OF_A_LABEL && (`${bold}${rest}`.endsWith(':') || !/[.!?]$/.test(bold))

/** The lines of a paragraph, each as its own nodes. */
function rowsOf(nodes: readonly PhrasingContent[]): PhrasingContent[][] {
  const rows: PhrasingContent[][] = [[]]
  for (const node of nodes) {
    if (node.type === 'break') rows.push([])
    else if (node.type === 'text') splitText(node, rows)
    else rows.at(-1)!.push(node)
  }
  return rows.filter(row => row.length > 0)
}

function splitText(node: PhrasingContent & { type: 'text' }, rows: PhrasingContent[][]): void {
  node.value.split(/\r\n|\n|\r/).forEach((value, index) => {
    if (index > 0) rows.push([])
    if (value.trim() === '') return
    const line = (node.position?.start.line ?? 1) + index
    const at = { line, column: 1 }
    rows.at(-1)!.push({ type: 'text', value, position: { start: at, end: at } })
  })
}
