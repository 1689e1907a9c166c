// The outline of a runbook: its title, and its sections with what stands in each, every block knowing the bold label
// and the short lead-in above it. Everything else in this folder reads the outline, not the tree.

import type { Blockquote, Code, Heading, Html, List, Root, RootContent, Table, Yaml } from 'mdast'
import { parseDocument } from 'yaml'
import { type Language, languageOf } from '../flips/languages.js'
import { LABEL_END } from '../markup/labels.js'
import { lineOf } from './document.js'
import { reasonOfTitle } from './left-out.js'
import { type Passage, passagesOf } from './passages.js'
import { type Prose, proseOf } from './prose.js'
import { Slugs } from './slugs.js'
import { ownNumber } from './wording.js'

type Label = { title: string; path: string; line: number }

export type Block = {
  node: List | Table | Code | Html | Blockquote | Passage
  label?: Label
  /** The paragraph just above that ends in a colon. */
  lead?: Prose
  /** The labels and headings above, innermost first, for telling what the block is about. */
  above: readonly string[]
}

export type Section = {
  title: string
  prose: Prose
  level: number
  line: number
  /** Slugs of the headings below the title, joined by `/`; empty for what stands above the first of them. */
  path: string
  titles: readonly string[]
  isNumbered: boolean
  /** The sections a section lies in, outermost first. */
  ancestors: readonly Section[]
  blocks: Block[]
}

/** `language`: of the prose; `unknown` where it is none of those there are words for. */
export type Outline = { title: string; sections: Section[]; language: Language | 'unknown' | undefined }

export function outlineOf(tree: Root, source: string, fallbackTitle: string): Outline {
  const title = tree.children.find(node => node.type === 'heading' && node.depth === 1) as Heading | undefined
  const slugs = new Slugs()
  const sections: Section[] = [preface()]
  let open: Section[] = []
  for (const node of tree.children) {
    if (node.type === 'heading') {
      const isTitle = node === title
      open = isTitle ? [] : open.filter(section => section.level < node.depth)
      const section = isTitle ? { ...preface(), line: lineOf(node) } : sectionOf(node, open, slugs)
      sections.push(section)
      if (!isTitle) open.push(section)
    } else {
      sections.at(-1)!.blocks.push(...blocksOf(node))
    }
  }
  for (const section of sections) section.blocks = withLabels(section, slugs)
  const named = title ? proseOf(title.children).text : frontMatterTitle(tree)
  return { title: named || fallbackTitle, sections, language: languageOf(source) }
}

const preface = (): Section => ({
  title: '',
  prose: { text: '', line: 1, lines: [], codes: [] },
  level: 0,
  line: 1,
  path: '',
  titles: [],
  isNumbered: false,
  ancestors: [],
  blocks: [],
})

function sectionOf(heading: Heading, open: readonly Section[], slugs: Slugs): Section {
  const prose = proseOf(heading.children)
  const parent = open.at(-1)
  return {
    title: prose.text,
    prose,
    level: heading.depth,
    line: lineOf(heading),
    path: slugs.below(parent?.path ?? '', prose.text),
    titles: [...(parent?.titles ?? []), prose.text],
    isNumbered: ownNumber(prose.text) !== undefined,
    ancestors: open.slice(),
    blocks: [],
  }
}

function blocksOf(node: RootContent): Block[] {
  if (node.type === 'paragraph') return passagesOf(node).map(passage => ({ node: passage, above: [] }))
  if (node.type === 'list' || node.type === 'table' || node.type === 'code' || node.type === 'html')
    return [{ node, above: [] }]
  if (node.type === 'blockquote') return [{ node, above: [] }]
  return []
}

/** The blocks with their label and lead-in; passages that are labels and nothing else are gone. */
function withLabels(section: Section, slugs: Slugs): Block[] {
  const above = [...section.titles].reverse()
  const blocks: Block[] = []
  let label: Label | undefined
  let lead: Prose | undefined
  let covered: Block['node'] | undefined
  // the label that the bold steps of the section stand under, where they have begun
  let ofSteps: { label: Label | undefined } | undefined
  for (const { node } of section.blocks) {
    if (node.type === 'html' && node.value === LABEL_END) {
      label = lead = covered = undefined
      continue
    }
    if (node.type === 'passage' && node.form === 'label') {
      label = { title: node.label, path: slugs.below(section.path, node.label), line: node.prose.line }
      lead = covered = undefined
      continue
    }
    if (node.type === 'passage' && node.form === 'step') {
      if (ofSteps && covered) label = ofSteps.label
      else ofSteps = { label }
    }
    if (label && endsLabel(label, node, covered)) label = undefined
    const titles = [...(lead ? [lead.text] : []), ...(label ? [label.title] : []), ...above]
    blocks.push({ node, above: titles, ...(label && { label }), ...(lead && { lead }) })
    lead = leadIn(node)
    if (node.type === 'list' || node.type === 'code') covered = node
  }
  return blocks
}

const leadIn = (node: Block['node']): Prose | undefined =>
  node.type === 'passage' && node.prose.text.endsWith(':') ? node.prose : undefined

/** A label such as "Symptoms" covers its own list, not the steps that follow it without a label of their own. */
function endsLabel(label: Label, node: Block['node'], covered?: Block['node']): boolean {
  if (node.type === 'passage' && node.form === 'labelled') return true
  if (covered?.type !== 'list' || reasonOfTitle(label.title) === undefined) return false
  return node.type === 'passage' || (node.type === 'list' && node.ordered !== covered.ordered)
}

/** What stands in a quotation, each block as if it stood outside. */
export function unquoted(block: Block): Block[] {
  if (block.node.type !== 'blockquote') return [block]
  const inner = block.node.children.flatMap(node => blocksOf(node as RootContent))
  return inner.map(({ node }) => ({ ...block, node })).flatMap(unquoted)
}

function frontMatterTitle(tree: Root): string | undefined {
  const yaml = tree.children.find((node): node is Yaml => node.type === 'yaml')
  if (!yaml || yaml.value.length > 20_000) return undefined
  const title: unknown = parseDocument(yaml.value, { logLevel: 'silent' }).get('title')
  return typeof title === 'string' ? title.trim() : undefined
}
