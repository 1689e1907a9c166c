// The walk over one section: every block is a step, belongs to one, or is counted among what was left out.

import type { Code, List, Table } from 'mdast'
import { readCodes } from '../flips/commands.js'
import { readConfig } from '../flips/config-blocks.js'
import { actsOnFlag } from '../flips/flag-actions.js'
import type { KnownFlags } from '../flips/flag-values.js'
import { countNumbered, splitNumbered } from '../markup/numbers.js'
import type { Note } from '../markup/rows.js'
import { columnOf, linesOfCode } from './document.js'
import { type Draft, draftOf, type LeftOut, type Place, placeOf } from './drafts.js'
import { fenceKind, stepsOfCommands } from './fences.js'
import { reasonAbove, saysSteps } from './left-out.js'
import { numberedSteps, stepsOfList } from './lists.js'
import { type Block, type Section, unquoted } from './outline.js'
import type { Passage } from './passages.js'
import { type Prose, proseOfLine } from './prose.js'
import { readTable } from './tables.js'
import { beginsWithVerb, isAction } from './wording.js'

export type WalkContext = {
  isEnglish: boolean
  flags: KnownFlags
  leftOut: LeftOut
  /** Lists that may be in the text and were not read. */
  notes: Note[]
  /** Whether paragraphs that begin as instructions are steps: where nothing else in the runbook is one. */
  takesProse: boolean
}

/** How far ahead the rest of a list that was cut in pieces is looked for. */
const FURTHEST = 12

export class SectionWalk {
  readonly #section: Section
  readonly #context: WalkContext
  readonly #blocks: readonly Block[]
  readonly #places: Place[] = []
  /** The `**Step 2: ...**` that is open: lists, tables and fences below it belong to it. */
  #bold: Draft | undefined
  /** The last step of the ordered list above, for what cuts that list in two, and the number that would go on. */
  #last: { draft: Draft; list: List; next: number } | undefined

  constructor(section: Section, context: WalkContext) {
    this.#section = section
    this.#context = context
    this.#blocks = section.blocks.flatMap(unquoted)
  }

  run(): Place[] {
    let path: string | undefined
    this.#blocks.forEach((block, index) => {
      const here = placeOf(this.#section, block).path
      if (here !== path) this.#bold = this.#last = undefined
      path = here
      this.#visit(block, index)
    })
    return this.#places.filter(place => place.drafts.length > 0)
  }

  #visit(block: Block, index: number): void {
    const { node } = block
    const next = this.#blocks[index + 1]
    if (node.type === 'passage' && this.#holdsOn(block, index)) this.#last!.draft.more.push(node.prose)
    else if (node.type !== 'list' && node.type !== 'code') this.#last = undefined
    if (node.type === 'list') this.#list(block, node, index)
    else if (node.type === 'code') this.#fence(block, node, index)
    else if (node.type === 'passage') this.#passage(block, node, next)
    else if (node.type === 'table') this.#table(block, node)
    else if (node.type === 'html' && !node.value.startsWith('<!--')) this.#context.leftOut.add('html')
  }

  /** Text, bullets and fences at the margin, and then the list goes on with the number it had come to. */
  #holdsOn(block: Block, index: number): boolean {
    const last = this.#last
    if (!last || this.#bold || (block.node.type === 'passage' && block.node.form === 'step')) return false
    for (const { node, label } of this.#blocks.slice(index + 1, index + FURTHEST)) {
      if (label?.path !== block.label?.path || (node.type === 'passage' && node.form === 'step')) return false
      if (node.type === 'list' && node.ordered) return last.next > 1 && node.start === last.next
    }
    return false
  }

  #passage(block: Block, passage: Passage, next: Block | undefined): void {
    if (passage.form === 'step') {
      const reason = reasonAbove(block.above)
      this.#bold = reason ? undefined : draftOf(passage.prose, 'bold')
      if (this.#bold) this.#add(block, [this.#bold])
      else if (reason) this.#context.leftOut.add(reason)
    } else if (this.#bold) {
      const numbered = splitNumbered(passage.prose)
      if (numbered) this.#bold.children.push(...numbered.items.map(item => draftOf(item, 'ordered')))
      else this.#bold.more.push(passage.prose)
    } else if (this.#last) {
      return
    } else if (passage.form === 'plain' && splitNumbered(passage.prose)) {
      this.#numbers(block, passage)
    } else if (isLabelledAction(passage)) {
      if (!reasonAbove(block.above)) this.#add(block, [draftOf(passage.prose, 'bold')])
    } else if (!leadsOn(passage, next) && (this.#flips(block, passage) || this.#instructs(block, passage))) {
      this.#add(block, [draftOf(passage.prose, 'paragraph')])
    } else if (!reasonAbove(block.above)) {
      this.#noteNumbers(passage)
    }
  }

  #numbers(block: Block, passage: Passage): void {
    const { lead, items } = splitNumbered(passage.prose)!
    const reason = reasonAbove(lead.text === '' ? block.above : [lead.text, ...block.above])
    if (reason) this.#context.leftOut.add(reason, items.length)
    else
      this.#add(
        block,
        numberedSteps({ ...passage.prose }, 'ordered').flatMap(draft => withoutLead(draft, lead)),
      )
  }

  #noteNumbers({ prose }: Passage): void {
    const count = countNumbered(prose)
    if (count < 2) return
    const message = `the sentence on line ${prose.line} counts ${count} things in its text, which are not read as steps; give each a line of its own if they are`
    this.#context.notes.push({ code: 'unread-list', line: prose.line, message })
  }

  #instructs(block: Block, passage: Passage): boolean {
    if (!this.#context.takesProse || !block.above.some(saysSteps) || reasonAbove(block.above)) return false
    return isAction(passage.prose.text) && !/^see\b/i.test(passage.prose.text)
  }

  #flips(block: Block, passage: Passage): boolean {
    const above = passage.label ? [passage.label, ...block.above] : block.above
    const { flags } = this.#context
    const runs = () => readCodes(passage.prose, flags).actions.some(({ confidence }) => confidence === 'high')
    return !reasonAbove(above) && (actsOnFlag(passage.prose, flags) || runs())
  }

  #list(block: Block, list: List, index: number): void {
    const { isEnglish, leftOut } = this.#context
    const next = this.#blocks[index + 1]
    const cut = this.#cutBy(block, list, index)
    const owner = this.#bold ?? cut?.draft
    const above = this.#bold ? [this.#bold.prose.text, ...block.above] : cut ? [] : block.above
    const steps = stepsOfList(list, { above, isEnglish, leftOut, ...(cut ? {} : { lead: block.lead }) })
    if (owner) owner.children.push(...steps)
    else this.#add(block, steps)
    const last = steps.at(-1)
    if (cut && (next?.node.type === 'list' || this.#holdsOn(block, index))) return
    const from = (list.start ?? 1) + Math.max(0, steps.length - list.children.length)
    this.#last =
      list.ordered && last && !owner ? { draft: last, list, next: from + list.children.length } : undefined
  }

  /** A bullet or a fence at the wrong depth ends an ordered list for the parser, and for nobody else. */
  #cutBy(block: Block, node: List | Code, index: number): { draft: Draft; list: List } | undefined {
    if (!this.#last || (node.type === 'list' && node.ordered)) return undefined
    const isDeeper = columnOf(node) > columnOf(this.#last.list)
    return isDeeper || goesOn(this.#blocks[index + 1]) || this.#holdsOn(block, index) ? this.#last : undefined
  }

  #table(block: Block, table: Table): void {
    const reading = readTable(table, block.above)
    if ('reason' in reading) this.#context.leftOut.add(reading.reason, reading.rows)
    else if (this.#bold) this.#bold.children.push(...reading.steps)
    else this.#add(block, reading.steps)
  }

  #fence(block: Block, fence: Code, index: number): void {
    const kind = fenceKind(fence, block.above)
    const isOwn = kind === 'template' || kind === 'diagram'
    const cut = this.#cutBy(block, fence, index)?.draft
    const owner = this.#bold ?? cut
    if (!cut) this.#last = undefined
    if (owner && !isOwn) {
      owner.fences.push(fence)
      return
    }
    const reason = isOwn ? undefined : reasonAbove(block.above)
    const steps = reason || isOwn ? [] : this.#stepsOfFence(block, fence, kind)
    if (steps.length > 0) this.#add(block, steps)
    else this.#context.leftOut.add(reason ?? (isOwn ? kind : 'code'))
  }

  #stepsOfFence(block: Block, fence: Code, kind: 'commands' | 'config' | 'code'): Draft[] {
    const { flags } = this.#context
    const actions = kind === 'config' ? readConfig(fence, flags).actions : []
    const steps = kind === 'commands' ? stepsOfCommands(fence) : []
    const first = linesOfCode(fence).find(({ line }) => line === actions[0]?.line)
    if (first) steps.push({ ...draftOf(proseOfLine(first.text.trim(), first.line), 'command'), isBare: true })
    const isLed = block.lead && beginsWithVerb(block.lead.text) && steps.length === 1 && steps[0]!.isBare
    if (!isLed)
      return steps.map((step, index) => (index === 0 && first ? { ...step, fences: [fence] } : step))
    return [{ ...draftOf(block.lead!, 'command'), fences: [fence] }]
  }

  #add(block: Block, drafts: readonly Draft[]): void {
    const { path, titles } = placeOf(this.#section, block)
    const place = this.#places.find(one => one.path === path)
    if (place) place.drafts.push(...drafts)
    else this.#places.push({ path, titles, drafts: [...drafts] })
  }
}

/** What leads to the numbers in a paragraph is no step of its own. */
const withoutLead = (draft: Draft, lead: Prose): Draft[] =>
  lead.text === '' ? [draft] : draft.children.map(child => ({ ...child, lead }))

/** "**Action**: defer unless ...". */
const isLabelledAction = (passage: Passage) =>
  passage.form === 'labelled' &&
  saysSteps(passage.label) &&
  beginsWithVerb(passage.prose.text) &&
  !/^see\b/i.test(passage.prose.text)

/** "Disable these:" above a list or a fence is not a step of its own. */
const leadsOn = (passage: Passage, next: Block | undefined) =>
  passage.prose.text.endsWith(':') && (next?.node.type === 'list' || next?.node.type === 'code')

const goesOn = (next: Block | undefined): boolean =>
  next?.node.type === 'list' && next.node.ordered === true && (next.node.start ?? 1) > 1
