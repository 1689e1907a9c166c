// One entry of the log in words: who did what to which flag, from which step. For tables, tails and chat messages.

import { takenIn } from '../../domain/adoption-words.js'
import { catalogueWords } from '../../domain/catalogue-change.js'
import { credentialWords } from '../../domain/credentials.js'
import { fleetWords } from '../../domain/fleet-words.js'
import { holdsNow } from '../../domain/hold.js'
import { attemptOf } from '../../domain/refusal.js'
import type { Entry, ListedEntry } from '../../wire/entry.js'
import type { Style } from './style.js'
import { absolute } from './time.js'

/** Out of a page, or whole. */
export type ShownEntry = Entry | ListedEntry

const variant = (name: string | null | undefined): string => name ?? 'normal'
const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** What happened, without who and when. */
export function describe(entry: ShownEntry): string {
  const { action, outcome, refusal } = entry
  if (outcome === 'refused') return `refused: ${attemptOf(entry)} (${refusal?.code ?? 'no reason kept'})`
  return oneLine((WORDS[action] ?? (() => action))(entry))
}

const flip = ({ action, flag, label, from, to, outcome, holds }: ShownEntry): string => {
  const named = label ? `${flag}: ${label}` : (flag ?? '')
  if (outcome === 'unchanged') return `${named}, already ${variant(to)}`
  if (from === to) return `${named}, still ${variant(to)} (${holdsNow({ action, holds: holds ?? [] })})`
  return `${named}, ${variant(from)} -> ${variant(to)}`
}

const WORDS: Partial<Record<ShownEntry['action'], (entry: ShownEntry) => string>> = {
  kill: flip,
  restore: flip,
  'step.run': ({ flags, step, offRunbook }) =>
    `${step === undefined || offRunbook ? 'killed in one act' : 'ran a step'}: ${flags?.join(', ')}`,
  'flip.voided': ({ flag }) => `an attempt with an unknown outcome is void${flag ? `: ${flag}` : ''}`,
  'flip.confirmed': confirmed,
  'flip.unconfirmed': confirmed,
  'fleet.forgotten': entry => fleetWords(entry) ?? 'forgot app instances',
  'fleet.reconciled': entry => fleetWords(entry) ?? 'released in the apps',
  'incident.declared': ({ declared }) =>
    `declared${declared?.severity && ` ${declared.severity}`}: ${declared?.title}${declared?.runbook && ` (${declared.runbook})`}`,
  'incident.noted': ({ note }) =>
    `${note?.kind}: ${note?.text}${note?.owner ? ` (${note.owner}${note.due ? `, by ${note.due}` : ''})` : ''}`,
  'incident.changed': ({ change }) =>
    `changed ${Object.entries(change ?? {})
      .map(([name, to]) => `${name} to ${wordsOf(to)}`)
      .join(', ')}`,
  'incident.adopted': entry => `adopted ${takenIn(entry)}`,
  'incident.step': ({ ticked, step }) => `step ${ticked}: ${step?.text ?? step?.id ?? ''}`,
  'incident.resolved': ({ resolved }) =>
    `resolved${resolved?.leave.length ? `, leaving ${resolved.leave.map(each => each.flag).join(', ')}` : ''}${resolved?.forced ? ' (forced)' : ''}`,
  'incident.reopened': ({ outcome }) => (outcome === 'unchanged' ? 'was open already' : 'reopened'),
  drill: ({ flag }) => `drill of ${flag}`,
  'tokens.changed': entry => credentialWords(entry) ?? 'tokens file changed',
  'catalogue.loaded': entry => catalogueWords(entry) ?? firstCatalogue(entry),
  'unchanged.summary': ({ summary, flags }) =>
    `killed again what was killed, ${summary?.count} times more since ${summary?.since}: ${flags?.join(', ')}`,
  'refused.summary': ({ summary }) => `${summary?.count} more refusals since ${summary?.since}`,
}

const firstCatalogue = ({ catalogue }: ShownEntry): string =>
  `catalogue loaded: ${plural(catalogue?.flags.length ?? 0, 'flag')}`

const wordsOf = (to: string | { id: string } | { title: string; url: string }): string =>
  typeof to === 'string' ? to : 'url' in to ? `${to.title} ${to.url}` : to.id

/** `ai_v1, entry 42: 3/3 confirmed by trustflow` */
function confirmed(entry: ShownEntry): string {
  const of = [entry.flag, entry.confirmed && `entry ${entry.confirmed.flip}`].filter(Boolean).join(', ')
  return `${of}: ${fleetWords(entry) ?? 'confirmation'}`
}

/** The columns of a table of entries. */
export const ENTRY_HEAD = ['PLACE', 'AT', 'BY', 'INCIDENT', 'STEP', 'WHAT', 'REASON']

export function entryRow(entry: ShownEntry, style: Style, now: number): string[] {
  const { place, at, actor, incident, step, reason, offRunbook, action, outcome } = entry
  const what = describe(entry)
  const paint =
    outcome === 'refused'
      ? style.yellow
      : action === 'kill'
        ? style.red
        : action === 'restore'
          ? style.green
          : same
  const isStepText = reason !== undefined && reason === step?.text
  const said = reason === undefined || isStepText || what.includes(oneLine(reason)) ? '' : oneLine(reason)
  return [
    String(place),
    absolute(at, now),
    actor.id,
    incident ?? '',
    offRunbook && outcome !== 'refused'
      ? `${step?.code ?? step?.id ?? ''} (off runbook)`.trim()
      : (step?.code ?? step?.id ?? ''),
    paint(what),
    said,
  ]
}

const same = (text: string): string => text

/** One line for a chat: `[production] 03:00:12 UTC ana (INC-42) ai_v1: Turn ai_v1 off, on -> off. "5xx" Step ...` */
export function sentence(entry: ShownEntry): string {
  const { environment, at, actor, incident, step, reason } = entry
  const where = step?.code ? ` Step ${step.id} (${step.code}).` : ''
  const why = reason && reason !== step?.text ? ` Reason: ${oneLine(reason)}` : ''
  const under = incident ? ` (${incident})` : ''
  const time = `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
  return `[${environment}] ${time} ${actor.id}${under} ${describe(entry)}.${where}${why}`
}
