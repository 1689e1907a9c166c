// Lists: which of them are steps, and the steps with what is nested in them.

import type { List, ListItem } from 'mdast'
import type { StepKind } from '../../../wire/runbook.js'
import { isScaleList } from '../facts/severities.js'
import { splitNumbered } from '../markup/numbers.js'
import { linesOfCode } from './document.js'
import { type Draft, draftOf, type LeftOut } from './drafts.js'
import { isSoft, type Reason, reasonAbove } from './left-out.js'
import { type Prose, proseOf, proseOfLine } from './prose.js'
import { isAction, labelled } from './wording.js'

export type ListContext = {
  above: readonly string[]
  lead?: Prose | undefined
  isEnglish: boolean
  leftOut: LeftOut
}

export function stepsOfList(list: List, context: ListContext): Draft[] {
  const reason = reasonOfList(list, context)
  if (reason) {
    context.leftOut.add(reason, countItems(list))
    return []
  }
  let number = list.start ?? 1
  return list.children.flatMap(item => {
    const steps = stepsOfItem(item, list, context, number)
    number += Math.max(steps.length, 1)
    return steps
  })
}

/** Why a list is no list of steps; undefined where it is one. */
function reasonOfList(list: List, context: ListContext): Reason | undefined {
  const items = list.children.map(item => ({ item, prose: firstProse(item) }))
  const isPlain = !list.ordered && !list.children.some(isTask)
  const acts = items.some(({ prose }) => prose && isAction(prose.text, startsWithCode(prose)))
  const reason = isScaleList(list) ? 'severity' : reasonAbove(context.above)
  if (reason && !(isSoft(reason) && !isPlain && acts)) return reason
  if (items.every(({ item, prose }) => isPointer(item, prose))) return 'links'
  return isPlain && !acts && context.isEnglish ? 'notes' : undefined
}

function stepsOfItem(item: ListItem, list: List, context: ListContext, number: number): Draft[] {
  const prose = firstProse(item)
  if (!prose || prose.text === '') return withoutText(item, context)
  if (!list.ordered && !isTask(item) && isContact(prose)) {
    context.leftOut.add('contacts')
    return []
  }
  const kind = isTask(item) ? 'task' : list.ordered ? 'ordered' : 'bullet'
  const drafts = numberedSteps(prose, kind, list.ordered ? number : undefined, context.lead)
  fill(drafts.at(-1)!, item, context)
  return drafts
}

/** The steps of one text: several where numbers stand in it, nested below what leads to them. */
export function numberedSteps(prose: Prose, kind: StepKind, own?: number, above?: Prose): Draft[] {
  const numbered = (own === undefined ? undefined : splitNumbered(prose, own)) ?? splitNumbered(prose)
  if (!numbered) return [draftOf(prose, kind, above)]
  const { lead, items } = numbered
  if (lead.text === '') return items.map(item => draftOf(item, kind, above))
  return [{ ...draftOf(lead, kind, above), children: items.map(item => draftOf(item, 'ordered')) }]
}

/** An item that holds lists only (`- - x`) passes them on; one with nothing in it is counted. */
function withoutText(item: ListItem, context: ListContext): Draft[] {
  const lists = item.children.filter(child => child.type === 'list')
  if (lists.length === 0) context.leftOut.add('empty')
  return lists.flatMap(list => stepsOfList(list, context))
}

function fill(draft: Draft, item: ListItem, context: ListContext): void {
  const [, ...others] = item.children
  const nested: ListContext = { ...context, above: titleOf(draft.prose), lead: undefined }
  if (item.children[0]?.type === 'code') draft.fences.push(item.children[0])
  for (const child of others) {
    if (child.type === 'paragraph') draft.more.push(proseOf(child.children))
    else if (child.type === 'code') draft.fences.push(child)
    else if (child.type === 'list') draft.children.push(...stepsOfList(child, nested))
    else if (child.type === 'blockquote') draft.more.push(proseOf([child]))
  }
}

const titleOf = (prose: Prose): string[] =>
  prose.text.endsWith(':') || prose.text.split(' ').length <= 4 ? [prose.text] : []

function firstProse(item: ListItem): Prose | undefined {
  const [first] = item.children
  if (first?.type === 'paragraph' || first?.type === 'heading') return proseOf(first.children)
  if (first?.type !== 'code') return undefined
  const line = linesOfCode(first).find(({ text }) => text.trim() !== '')
  return line && proseOfLine(line.text.trim(), line.line)
}

/** "See `docs/x.md`", or a link and nothing else. */
function isPointer(item: ListItem, prose: Prose | undefined): boolean {
  const [first] = item.children
  const only =
    first?.type === 'paragraph' && first.children.length === 1 ? first.children[0]?.type : undefined
  if (only === 'link' || only === 'linkReference') return true
  const said = prose ? (labelled(prose.text)?.rest ?? prose.text) : ''
  return /^(see|siehe|refer to|read)\b/i.test(said)
}

/** "Slack: #incidents": somewhere to turn to, nothing to do. */
function isContact(prose: Prose): boolean {
  const label = labelled(prose.text)
  return label !== undefined && /^[#@+[(]|^https?:|^\S+@\S+/.test(label.rest) && !isAction(prose.text)
}

const isTask = (item: ListItem): boolean => typeof item.checked === 'boolean'

const startsWithCode = (prose: Prose): boolean => prose.codes[0]?.from === 0

function countItems(list: List): number {
  return list.children.reduce((sum, item) => {
    const nested = item.children.filter(child => child.type === 'list')
    return sum + 1 + nested.reduce((inner, child) => inner + countItems(child), 0)
  }, 0)
}
