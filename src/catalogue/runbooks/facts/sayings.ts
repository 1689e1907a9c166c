// Everything a runbook says, line by line in order, with the titles above it: what timings and warnings are read from.

import type { Html, List } from 'mdast'
import { linesOfCode } from '../structure/document.js'
import type { Block, Outline } from '../structure/outline.js'
import { type Prose, proseOf, proseOfLine } from '../structure/prose.js'
import { cellsOf } from '../structure/tables.js'

export type Saying = {
  prose: Prose
  above: readonly string[]
  kind: 'text' | 'item' | 'heading' | 'code' | 'cell'
}

export function sayingsOf(outline: Outline): Saying[] {
  return outline.sections.flatMap(section => {
    const above = [...section.titles].reverse()
    const heading: Saying[] =
      section.level > 0 ? [{ prose: section.prose, above: above.slice(1), kind: 'heading' }] : []
    return [...heading, ...section.blocks.flatMap(block => ofNode(block.node, block.above))]
  })
}

function ofNode(
  node: Block['node'] | List['children'][number]['children'][number],
  above: readonly string[],
): Saying[] {
  switch (node.type) {
    case 'passage': {
      const text = node.label ? { ...node.prose, text: `${node.label}: ${node.prose.text}` } : node.prose
      return [{ prose: text, above, kind: 'text' }]
    }
    case 'code':
      return linesOfCode(node).map(({ text, line }) => ({
        prose: proseOfLine(text.trim(), line),
        above,
        kind: 'code',
      }))
    case 'table':
      return node.children.flatMap(row =>
        cellsOf(row).map(prose => ({ prose, above, kind: 'cell' as const })),
      )
    case 'list':
      return node.children.flatMap(item => item.children.flatMap(child => asItem(ofNode(child, above))))
    case 'blockquote':
      return node.children.flatMap(child => ofNode(child, above))
    case 'paragraph':
    case 'heading':
      return [{ prose: proseOf(node.children), above, kind: 'text' }]
    case 'html':
      return linesOfHtml(node).map(({ text, line }) => ({
        prose: proseOfLine(text, line),
        above,
        kind: 'code',
      }))
    default:
      return []
  }
}

/** The lines of HTML that a reader sees: a comment is none. */
function linesOfHtml(node: Html): { text: string; line: number }[] {
  const seen = node.value.replace(/<!--[\s\S]*?(?:-->|$)/g, comment => comment.replace(/[^\n]/g, ''))
  const first = node.position?.start.line ?? 1
  return seen
    .split('\n')
    .map((text, index) => ({ text: text.trim(), line: first + index }))
    .filter(({ text }) => text !== '')
}

const asItem = (sayings: Saying[]): Saying[] =>
  sayings.map(saying => (saying.kind === 'text' ? { ...saying, kind: 'item' } : saying))
