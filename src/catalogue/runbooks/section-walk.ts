// The walk over one section: every block is a step, belongs to one, or is counted among what was left out.

import type { Code, List, Table } from 'mdast'
import { readCodes } from './commands.js'
import { readConfig } from './config-blocks.js'
import { columnOf, linesOfCode } from './document.js'
import { type Draft, draftOf, type LeftOut, type Place, placeOf } from './drafts.js'
import { fenceKind, stepsOfCommands } from './fences.js'
import { actsOnFlag } from './flag-actions.js'
import type { KnownFlags } from './flag-values.js'
import { reasonAbove, saysSteps } from './left-out.js'
import { stepsOfList } from './lists.js'
import { type Block, type Section, unquoted } from './outline.js'
import type { Passage } from './passages.js'
import { proseOfLine } from './prose.js'
import { readTable } from './tables.js'
import { beginsWithVerb } from './wording.js'

export type WalkContext = { isEnglish: boolean; flags: KnownFlags; leftOut: LeftOut }

export class SectionWalk {
  readonly #section: Section
  readonly #context: WalkContext
  readonly #blocks: readonly Block[]
  readonly #places: Place[] = []
  /** The `**Step 2: ...**` that is open: lists, tables and fences below it belong to it. */
  #bold: Draft | undefined
  /** The last step of the ordered list just above, for what cuts that list in two. */
  #last: { draft: Draft; list: List } | undefined

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
      this.#visit(block, this.#blocks[index + 1])
    })
    return this.#places.filter(place => place.drafts.length > 0)
  }

  #visit(block: Block, next: Block | undefined): void {
    const { node } = block
    if (node.type !== 'list' && node.type !== 'code') this.#last = undefined
    if (node.type === 'list') this.#list(block, node, next)
    else if (node.type === 'code') this.#fence(block, node, next)
    else if (node.type === 'passage') this.#passage(block, node, next)
    else if (node.type === 'table') this.#table(block, node)
    else if (node.type === 'html' && !node.value.startsWith('<!--')) this.#context.leftOut.add('html')
  }

  #passage(block: Block, passage: Passage, next: Block | undefined): void {
    if (passage.form === 'step') {
      const reason = reasonAbove(block.above)
      this.#bold = reason ? undefined : draftOf(passage.prose, 'bold')
      if (this.#bold) this.#add(block, [this.#bold])
      else if (reason) this.#context.leftOut.add(reason)
    } else if (this.#bold) {
      this.#bold.more.push(passage.prose)
    } else if (isLabelledAction(passage)) {
      if (!reasonAbove(block.above)) this.#add(block, [draftOf(passage.prose, 'bold')])
    } else if (!leadsOn(passage, next) && this.#flips(block, passage)) {
      this.#add(block, [draftOf(passage.prose, 'paragraph')])
    }
  }

  #flips(block: Block, passage: Passage): boolean {
    const above = passage.label ? [passage.label, ...block.above] : block.above
    const { flags } = this.#context
    const runs = () => readCodes(passage.prose, flags).actions.some(({ confidence }) => confidence === 'high')
    return !reasonAbove(above) && (actsOnFlag(passage.prose, flags) || runs())
  }

  #list(block: Block, list: List, next: Block | undefined): void {
    const { isEnglish, leftOut } = this.#context
    const cut = this.#last && isCutBy(this.#last.list, list, next) ? this.#last : undefined
    const owner = this.#bold ?? cut?.draft
    const above = this.#bold ? [this.#bold.prose.text, ...block.above] : cut ? [] : block.above
    const steps = stepsOfList(list, { above, isEnglish, leftOut, ...(cut ? {} : { lead: block.lead }) })
    if (owner) owner.children.push(...steps)
    else this.#add(block, steps)
    const last = steps.at(-1)
    if (cut && next?.node.type === 'list') return
    this.#last = list.ordered && last && !owner ? { draft: last, list } : undefined
  }

  #table(block: Block, table: Table): void {
    const reading = readTable(table, block.above)
    if ('reason' in reading) this.#context.leftOut.add(reading.reason, reading.rows)
    else if (this.#bold) this.#bold.children.push(...reading.steps)
    else this.#add(block, reading.steps)
  }

  #fence(block: Block, fence: Code, next: Block | undefined): void {
    const kind = fenceKind(fence, block.above)
    const isOwn = kind === 'template' || kind === 'diagram'
    const cut = this.#last && isCutBy(this.#last.list, fence, next) ? this.#last.draft : undefined
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

/** "**Action**: defer unless ...". */
const isLabelledAction = (passage: Passage) =>
  passage.form === 'labelled' &&
  saysSteps(passage.label) &&
  beginsWithVerb(passage.prose.text) &&
  !/^see\b/i.test(passage.prose.text)

/** "Disable these:" above a list or a fence is not a step of its own. */
const leadsOn = (passage: Passage, next: Block | undefined) =>
  passage.prose.text.endsWith(':') && (next?.node.type === 'list' || next?.node.type === 'code')

/** A bullet or a fence at the wrong depth ends an ordered list for the parser, and for nobody else. */
function isCutBy(list: List, node: List | Code, next: Block | undefined): boolean {
  if (node.type === 'list' && node.ordered) return false
  if (columnOf(node) > columnOf(list)) return true
  const goesOn = next?.node.type === 'list' && next.node.ordered === true
  return goesOn && ((next.node as List).start ?? 1) > 1
}
