// Markdown that leaves: built of nodes and written by mdast-util-to-markdown, so that somebody's words are text whatever
// stands in them. No node here is HTML, a link or an image, and nothing is read as Markdown.

import type { Heading, List, ListItem, Paragraph, PhrasingContent, RootContent, Table } from 'mdast'
import { gfmToMarkdown } from 'mdast-util-gfm'
import { type Handle, type Info, type Options, type State, toMarkdown } from 'mdast-util-to-markdown'
import { linesOf, oneLine } from './characters.js'

/** `[name]`: what is left for a person to write. */
type Gap = { type: 'gap'; value: string }
type Inert<Type extends string> = Extract<PhrasingContent, { type: Type }>
export type Phrase = Inert<'text' | 'inlineCode' | 'strong' | 'emphasis' | 'break'> | Gap
export type Block = Extract<
  RootContent,
  { type: 'heading' | 'paragraph' | 'list' | 'table' | 'thematicBreak' }
>

export const text = (value: string): Phrase => ({ type: 'text', value })
export const gap = (value: string): Phrase => ({ type: 'gap', value })
export const code = (value: string): Phrase => ({ type: 'inlineCode', value: oneLine(value) })
const children = (phrases: readonly Phrase[]) => [...phrases] as PhrasingContent[]
export const strong = (phrases: readonly Phrase[]): Phrase => ({
  type: 'strong',
  children: children(phrases),
})
export const paragraph = (phrases: readonly Phrase[]): Paragraph => ({
  type: 'paragraph',
  children: children(phrases),
})
export const heading = (depth: number, phrases: readonly Phrase[]): Heading => ({
  type: 'heading',
  depth: depth as Heading['depth'],
  children: children(phrases),
})
export const item = (...blocks: (Paragraph | List)[]): ListItem => ({
  type: 'listItem',
  spread: false,
  children: blocks,
})
export const list = (items: readonly ListItem[], start?: number): List => ({
  type: 'list',
  ordered: start !== undefined,
  ...(start === undefined ? {} : { start }),
  spread: false,
  children: [...items],
})
export const bullets = (items: readonly (readonly Phrase[])[]): List =>
  list(items.map(phrases => item(paragraph(phrases))))
export const table = (rows: readonly (readonly (readonly Phrase[])[])[]): Table => ({
  type: 'table',
  children: rows.map(row => ({
    type: 'tableRow',
    children: row.map(cell => ({ type: 'tableCell', children: children(cell) })),
  })),
})

type Given = string | number | Phrase | readonly Phrase[] | undefined

/** A sentence of ours with what others wrote in it, which stays on its line: prose`${who} declared ${code(id)}`. */
export function prose(ours: TemplateStringsArray, ...given: Given[]): Phrase[] {
  const parts = ours.flatMap((literal, index) => [text(literal), ...phrasesOf(given[index])])
  const found: Phrase[] = []
  for (const part of parts) {
    const last = found.at(-1)
    if (part.type === 'text' && part.value === '') continue
    if (part.type === 'text' && last?.type === 'text') found[found.length - 1] = text(last.value + part.value)
    else found.push(part)
  }
  return found
}

function phrasesOf(given: Given): readonly Phrase[] {
  if (given === undefined) return []
  if (typeof given === 'string' || typeof given === 'number') return plainWords(oneLine(String(given)))
  return Array.isArray(given) ? given : [given as Phrase]
}

const ADDRESS = /:\/\/|www\.|@\S/i
const WITHIN_MARKS = /^([("'<[{]*)(.*?)([)"'>\]}.,;:!?]*)$/s

/** Addresses and the names of people are code: renderers make links of them in any other text, and call who is named. */
export const plainWords = (given: string): Phrase[] =>
  given.split(/(\s+)/).flatMap(word => {
    if (!ADDRESS.test(word)) return text(word)
    const [, before = '', address = '', after = ''] = WITHIN_MARKS.exec(word) ?? []
    return [text(before), { type: 'inlineCode', value: address }, text(after)]
  })

/** Somebody's words alone. */
export const words = (given: string): Phrase[] => prose`${given}`

/** Phrases of several sentences in a row, with ours between them. */
export const joined = (sentences: readonly (readonly Phrase[])[], between: string): Phrase[] =>
  sentences.flatMap((sentence, index) => (index === 0 ? sentence : [text(between), ...sentence]))

const safe: Handle = (node: { value: string }, _, state: State, info) =>
  // what no reader takes for more than it is reads better bare: ai_v1, and inflow.llm, which is not www.
  state
    .safe(linesOf(node.value).join('\n'), info)
    .replace(/(?<=[\p{L}\p{N}])\\_(?=[\p{L}\p{N}])/gu, '_')
    .replace(/(?<!w{2})(?<=w)\\\./gi, '.')

const bracketed = ({ value }: Gap, _: unknown, state: State, info: Info) => {
  const name = state.safe(oneLine(value), { ...info, before: '[', after: ']' })
  // in front of these a bracket would begin a link
  return /[([:]/.test(info.after) ? `\\[${name}]` : `[${name}]`
}
bracketed.peek = () => '['

const OPTIONS: Options = {
  extensions: [gfmToMarkdown({ tablePipeAlign: false })],
  bullet: '-',
  rule: '-',
  listItemIndent: 'one',
  incrementListMarker: true,
  handlers: { text: safe, gap: bracketed, break: () => '  \n' } as Options['handlers'] & object,
}

export const markdownOf = (blocks: readonly Block[]): string =>
  toMarkdown({ type: 'root', children: [...blocks] }, OPTIONS)
