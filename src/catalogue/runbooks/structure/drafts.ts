// A step before it has a name: what the walk over a section collects, and the account of what it left out.

import type { Code } from 'mdast'
import type { StepKind } from '../../../wire/runbook.js'
import type { Reason } from './left-out.js'
import type { Block, Section } from './outline.js'
import type { Prose } from './prose.js'

export type Draft = {
  prose: Prose
  kind: StepKind
  /** Further paragraphs of the step. */
  more: Prose[]
  /** Fences that belong to the step. */
  fences: Code[]
  /** The sentence the list stands under, where it may carry the verb: "Disable these:". */
  lead?: Prose
  children: Draft[]
  /** The command lines below a comment. */
  commands?: { text: string; line: number }[]
  /** Of a row: where the cell begins that says what to do. */
  clauseFrom?: number
  /** A command nobody commented. */
  isBare?: boolean
}

/** The steps that are counted together: those of a section, or of one bold label in it. */
export type Place = { path: string; titles: readonly string[]; drafts: Draft[] }

export class LeftOut {
  readonly counts: Partial<Record<Reason, number>> = {}

  add(reason: Reason, count = 1): void {
    if (count > 0) this.counts[reason] = (this.counts[reason] ?? 0) + count
  }
}

export function draftOf(prose: Prose, kind: StepKind, lead?: Prose): Draft {
  return { prose, kind, more: [], fences: [], children: [], ...(lead && { lead }) }
}

/** Where a block's steps are counted. */
export function placeOf(section: Section, block: Block): Omit<Place, 'drafts'> {
  if (!block.label) return { path: section.path, titles: section.titles }
  return { path: block.label.path, titles: [...section.titles, block.label.title] }
}
