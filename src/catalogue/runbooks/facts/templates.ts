// Texts to copy: messages for status updates, and the outline of a post-mortem or incident log.

import { toString as plainText } from 'mdast-util-to-string'
import type { Template } from '../../../wire/runbook.js'
import { lineOf } from '../structure/document.js'
import { fenceKind, languageOf } from '../structure/fences.js'
import { reasonAbove } from '../structure/left-out.js'
import type { Block, Outline } from '../structure/outline.js'
import { ownNumber } from '../structure/wording.js'
import type { Saying } from './sayings.js'

export type Templates = { messageTemplates: Template[]; postmortemTemplate?: Template }

const POSTMORTEM = /post[-\s]?mortem|incident (log|report|record)|retrospective|after[- ]action/i

export function templatesOf(outline: Outline, sayings: readonly Saying[]): Templates {
  const messageTemplates: Template[] = []
  let postmortem: Template | undefined
  for (const block of outline.sections.flatMap(section => section.blocks)) {
    const template = templateOf(block)
    if (!template) continue
    if (isPostmortem(block)) postmortem ??= template
    else if (block.node.type !== 'list') messageTemplates.push(template)
  }
  // those with a title of their own are looked for first
  messageTemplates.push(...sayings.flatMap(inline))
  return { messageTemplates, ...(postmortem && { postmortemTemplate: postmortem }) }
}

/** The post-mortem is meant where the nearest title that names either names it. */
function isPostmortem(block: Block): boolean {
  const [nearest] = block.above.filter(title => !/^(template|outline|vorlage)s?:?$/i.test(title))
  if (block.node.type === 'code' && /^\s*\/incident\b/.test(block.node.value)) return false
  return nearest !== undefined && POSTMORTEM.test(nearest)
}

function templateOf(block: Block): Template | undefined {
  const { node } = block
  const title = titleOf(block)
  if (node.type === 'code' && fenceKind(node, block.above) === 'template') {
    const language = languageOf(node)
    return { title, text: node.value, line: lineOf(node), ...(language && { language }) }
  }
  if (reasonAbove(block.above) !== 'template') return undefined
  if (node.type === 'blockquote')
    return { title, text: node.children.map(child => plainText(child)).join('\n\n'), line: lineOf(node) }
  if (node.type !== 'list') return undefined
  const items = node.children.map(
    (item, index) => `${node.ordered ? `${index + 1}.` : '-'} ${plainText(item)}`,
  )
  return { title, text: items.join('\n'), line: lineOf(node) }
}

const SENDS =
  /\b(?:post|send|announce|say|tell|publish|write|reply|message|notify|inform|updates?|status|e-?mail|tweet|melden|schreiben|senden|posten|publicar|enviar|avisar|publier|envoyer|annoncer)\b|発信|投稿|送信|发布|发送|通知/iu
const QUOTED =
  /^(.{3,80}?)[\s:：,–—-]*(?:"([^"]{12,600})"|“([^”]{12,600})”|„([^“”]{12,600})[“”]|«\s?([^»]{12,600}?)\s?»|「([^」]{6,600})」)/su

/** In the sentence that says to send it: `Post initial status: "Investigating [symptom]. Impact: [effect]"`. */
function inline({ prose: { text, line, codes }, above, kind }: Saying): Template[] {
  const [whole = '', title = '', ...quotes] = QUOTED.exec(text) ?? []
  const said = quotes.find(quote => quote !== undefined)
  if (said === undefined || (kind !== 'item' && kind !== 'text')) return []
  const isCode = codes.some(({ from, to }) => from < whole.length && to > title.length)
  const hasGaps = /\[[^\]]{2,}\]|<[a-z][^>]{1,}>|\{[^}]{2,}\}/i.test(said)
  const isMeant = SENDS.test(title) || reasonAbove(above) === 'template'
  if (isCode || !isMeant || !(hasGaps || said.split(/\s+/).length >= 4 || /[。、]/.test(said))) return []
  const number = ownNumber(title)
  return [
    {
      title: (number ? title.slice(number.length) : title).replace(/[\s:：,–—-]+$/, ''),
      text: said.trim(),
      line,
    },
  ]
}

function titleOf({ above }: Block): string {
  const named = above.filter(title => !/^templates?:?$/i.test(title))[0] ?? above[0] ?? ''
  const bare = named.replace(/[\s:]+$/, '')
  const number = ownNumber(bare)
  return number ? bare.slice(number.length) : bare
}
