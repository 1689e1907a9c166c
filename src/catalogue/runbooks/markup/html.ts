// Blocks of HTML as the Markdown they would be: lists, tables, headings and paragraphs. A block without text stays HTML.

import { fromHtml } from 'hast-util-from-html'
import { toMdast } from 'hast-util-to-mdast'
import type { Html, Nodes, PhrasingContent, Root, RootContent } from 'mdast'
import { toString as plainText } from 'mdast-util-to-string'

/** What Markdown there is in the text of an element, as a tree of its own. */
export type ReadMarkdown = (text: string) => Root

const DEEPEST = 60

/** Changes the tree: every block of HTML with text in it gives way to what the text is. */
export function readHtml(root: Root, readMarkdown: ReadMarkdown): void {
  replaceIn(root, readMarkdown, 0)
}

function replaceIn(parent: Nodes, readMarkdown: ReadMarkdown, depth: number): void {
  if (!('children' in parent) || depth > DEEPEST) return
  const isBlockLevel = parent.type === 'root' || parent.type === 'blockquote' || parent.type === 'listItem'
  if (isBlockLevel && parent.children.some(({ type }) => type === 'html'))
    parent.children = parent.children.flatMap(child =>
      child.type === 'html' ? (blocksOf(child, readMarkdown) ?? [child]) : [child],
    ) as typeof parent.children
  for (const child of parent.children)
    if (child.type !== 'paragraph' && child.type !== 'heading') replaceIn(child, readMarkdown, depth + 1)
}

function blocksOf(html: Html, readMarkdown: ReadMarkdown): RootContent[] | undefined {
  if (!/>\s*[^\s<>]/.test(html.value.replace(/<!--.*?-->/gs, ''))) return undefined
  const read = toMdast(fromHtml(html.value, { fragment: true })) as Root
  if (plainText(read, { includeHtml: false, includeImageAlt: false }).trim() === '') return undefined
  place(read, html, readMarkdown)
  return read.children.filter(child => plainText(child).trim() !== '').map(asBlock)
}

const PHRASES = ['text', 'emphasis', 'strong', 'inlineCode', 'link', 'delete', 'break']

const asBlock = (node: RootContent): RootContent =>
  PHRASES.includes(node.type)
    ? {
        type: 'paragraph',
        children: [node as PhrasingContent],
        ...(node.position && { position: node.position }),
      }
    : node

/** The nodes get the lines they stand on in the file, and the text its Markdown. */
function place(
  node: Nodes,
  html: Html,
  readMarkdown: ReadMarkdown,
  line = html.position?.start.line ?? 1,
): void {
  const own = node.position ? node.position.start.line + (html.position?.start.line ?? 1) - 1 : line
  node.position = { start: { line: own, column: 1 }, end: { line: own, column: 1 } }
  if (!('children' in node)) return
  const isComment = (child: Nodes) => child.type === 'html' && child.value.startsWith('<!--')
  node.children = node.children.filter(child => !isComment(child)) as typeof node.children
  node.children = node.children.flatMap(child => {
    place(child, html, readMarkdown, own)
    return child.type === 'text' && /[`*_[]/.test(child.value) ? phrasesOf(child, readMarkdown) : [child]
  }) as typeof node.children
}

function phrasesOf(text: PhrasingContent & { type: 'text' }, readMarkdown: ReadMarkdown): PhrasingContent[] {
  const [first, ...others] = readMarkdown(text.value).children
  if (first?.type !== 'paragraph' || others.length > 0) return [text]
  for (const child of first.children) move(child, text.position!.start.line - 1)
  const [before, after] = [/^\s/.test(text.value), /\s$/.test(text.value)]
  const space = (): PhrasingContent => ({ ...text, value: ' ' })
  return [...(before ? [space()] : []), ...first.children, ...(after ? [space()] : [])]
}

function move(node: Nodes, lines: number): void {
  if (node.position) {
    node.position.start.line += lines
    node.position.end.line += lines
  }
  if ('children' in node) for (const child of node.children) move(child, lines)
}
