// The walk over all sections, and the headings that are steps themselves.

import { actsOnFlag } from '../flips/flag-actions.js'
import type { KnownFlags } from '../flips/flag-values.js'
import type { Note } from '../markup/rows.js'
import { draftOf, LeftOut, type Place } from './drafts.js'
import { reasonAbove } from './left-out.js'
import type { Outline, Section } from './outline.js'
import { dropStart } from './prose.js'
import { SectionWalk } from './section-walk.js'
import { cellsOf, isSeverityTable, titlesOf } from './tables.js'
import { ownNumber } from './wording.js'

export type Walk = { places: Place[]; leftOut: LeftOut; notes: Note[] }

/** The steps of all sections; where nothing is written as one, the paragraphs that read as instructions. */
export function walkOutline(outline: Outline, flags: KnownFlags): Walk {
  const walk = walkSections(outline, flags, false)
  return walk.places.length > 0 ? walk : walkSections(outline, flags, true)
}

function walkSections(outline: Outline, flags: KnownFlags, takesProse: boolean): Walk {
  const leftOut = new LeftOut()
  const notes: Note[] = []
  const found = outline.sections.map(section =>
    new SectionWalk(section, {
      isEnglish: outline.language === 'english',
      flags,
      leftOut,
      notes,
      takesProse,
    }).run(),
  )
  const busy = new Set<Section>()
  for (let index = outline.sections.length - 1; index >= 0; index--) {
    const section = outline.sections[index]!
    const places = found[index]!
    if (!busy.has(section)) addHeadingStep(section, places, flags)
    if (places.length > 0) for (const one of [section, ...section.ancestors]) busy.add(one)
  }
  return { places: found.flat(), leftOut, notes }
}

/** A numbered heading with no steps below it is the step itself; so is one that flips a flag. */
function addHeadingStep(section: Section, places: Place[], flags: KnownFlags): void {
  const drafts = places.flatMap(place => place.drafts)
  const isOneBareCommand = drafts.length === 1 && drafts[0]!.isBare === true
  if (section.level === 0 || (drafts.length > 0 && !isOneBareCommand)) return
  const number = ownNumber(section.prose.text)
  if (!number && (isOneBareCommand || !actsOnFlag(section.prose, flags))) return
  if (reasonAbove([...section.titles].reverse()) || section.blocks.some(isScale)) return
  const prose = number ? dropStart(section.prose, number.length) : section.prose
  if (prose.text === '') return
  const heading = draftOf(prose, 'heading')
  heading.fences.push(...section.blocks.flatMap(({ node }) => (node.type === 'code' ? [node] : [])))
  places.splice(0, places.length, { path: section.path, titles: section.titles, drafts: [heading] })
}

function isScale({ node }: Section['blocks'][number]): boolean {
  if (node.type !== 'table') return false
  const [head, ...rows] = node.children
  return isSeverityTable(titlesOf(head), rows) && rows.every(row => cellsOf(row).length > 1)
}
