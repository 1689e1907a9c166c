// One entry of the log for tables, tails and chat messages. What it says is the service's sentence.

import { entryId } from '../../domain/log/audit.js'
import { sentenceOf } from '../../domain/log/sentence.js'
import { oneLine } from '../../text/characters.js'
import type { Entry, ListedEntry } from '../../wire/entry.js'
import type { Style } from './style.js'
import { absolute } from './time.js'

/** Out of a page, or whole. A service of an older version sends no sentence. */
export type ShownEntry = (Omit<Entry, 'sentence'> | Omit<ListedEntry, 'sentence'>) & { sentence?: string }

/** What happened, without who and when. A table has no column for the flag. */
function describe(entry: ShownEntry): string {
  const said = oneLine(entry.sentence ?? sentenceOf(entry, undefined))
  return entry.flag === undefined || said.includes(entry.flag) ? said : `${entry.flag}: ${said}`
}

/** The columns of a table of entries. */
export const ENTRY_HEAD = ['ENTRY', 'AT', 'BY', 'INCIDENT', 'STEP', 'WHAT', 'REASON']

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
    entryId(place),
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

/** One line for a chat: `[production] 03:00:12 UTC ana (INC-42) Turn ai_v1 off: on -> off. Step ...` */
export function sentence(entry: ShownEntry): string {
  const { environment, at, actor, incident, step, reason } = entry
  const where = step?.code ? ` Step ${step.id} (${step.code}).` : ''
  const why = reason && reason !== step?.text ? ` Reason: ${oneLine(reason)}` : ''
  const under = incident ? ` (${incident})` : ''
  const time = `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
  return `[${environment}] ${time} ${actor.id}${under} ${describe(entry)}.${where}${why}`
}
