// The story of an incident, entry by entry: one line of Markdown each, with the hour to the second, who, what, from which
// step of the runbook, and what the fleet confirmed.

import type { FlagDefinition } from '../wire/catalogue.js'
import type { Entry } from './audit.js'
import { toSecond } from './clock.js'
import { oneLine, type PostmortemSource, span } from './postmortem-facts.js'
import { attemptOf, causeOf } from './refusal.js'

export function timelineOf({ entries, definition }: PostmortemSource): string[] {
  return entries.flatMap(entry => {
    const text = tell(entry, definition(entry.flag))
    return text === undefined ? [] : [`- ${toSecond(entry.at)} - ${text}`]
  })
}

/** What one entry says; undefined where it is nothing for the story. */
function tell(entry: Entry, definition: FlagDefinition | undefined): string | undefined {
  const who = `${entry.actor.id} (${entry.actor.role})`
  if (entry.outcome === 'refused')
    return `${who} was refused: ${attemptOf(entry)}. ${oneLine(causeOf(entry))}`
  switch (entry.action) {
    case 'kill':
    case 'restore':
      return flipped(entry, who, definition)
    case 'flip.confirmed':
      return confirmed(entry)
    case 'incident.declared':
      return `${who} declared ${entry.incident}: ${oneLine(entry.declared?.title ?? '')}, ${entry.declared?.severity}${entry.declared?.commander ? `, commander ${entry.declared.commander}` : ''}`
    case 'incident.noted':
      return `${entry.note?.kind} by ${entry.actor.id}: ${oneLine(entry.note?.text ?? '')}${assigned(entry)}`
    case 'incident.changed':
      return `${who} changed ${changes(entry)}${entry.reason ? `: ${oneLine(entry.reason)}` : ''}`
    case 'incident.adopted':
      return `${who} took under ${entry.incident}: ${(entry.adopted ?? []).map(each => each.flag).join(', ')}`
    case 'incident.step':
      return `${who} ${entry.ticked === 'skipped' ? 'skipped' : 'did'} ${step(entry)}${entry.reason ? `: ${oneLine(entry.reason)}` : ''}`
    case 'incident.resolved':
      return `${who} resolved ${entry.incident}${entry.resolved?.forced ? ', by force' : ''}${entry.reason ? `: ${oneLine(entry.reason)}` : ''}`
    default:
      return undefined
  }
}

function flipped(entry: Entry, who: string, definition: FlagDefinition | undefined): string {
  const name = (variant: string | null | undefined) => variant ?? definition?.defaultVariant ?? 'normal'
  const [before, after] = [name(entry.from), name(entry.to)]
  const value =
    entry.outcome === 'unchanged'
      ? `already ${after}`
      : `${before} -> ${after}${before === after ? ', still held by others' : ''}`
  const from = entry.step?.line === undefined ? '' : `, from ${step(entry)}`
  const off = entry.offRunbook ? ', off the runbook' : ''
  const why =
    entry.reason === undefined || entry.reason === entry.step?.text ? '' : `: ${oneLine(entry.reason)}`
  return `**${entry.label ?? entry.action}** (\`${entry.flag}\`: ${value}) by ${who}${from}${off}${why}`
}

const step = ({ step, runbook }: Entry): string =>
  step?.line === undefined
    ? (step?.id ?? '')
    : `${runbook?.id ?? ''}.md line ${step.line} "${oneLine(step.text ?? '')}" (${step.code ?? step.id})`

function confirmed({ confirmed, flag }: Entry): string {
  const { complete, applied = 0, pending = [], lost = [], lastMs } = confirmed ?? {}
  const gone = lost.length > 0 ? `; lost: ${lost.join(', ')}` : ''
  const total = applied + pending.length
  if (total === 0) return `\`${flag}\`: unproven, no running instance was known${gone}`
  if (complete)
    return `\`${flag}\`: applied by ${applied} of ${total} live instances${lastMs === undefined ? '' : `, by the last after ${span(lastMs)}`}${gone}`
  return `\`${flag}\`: applied by ${applied} of ${total} live instances after a minute, not by ${pending.join(', ')}${gone}`
}

const assigned = ({ note }: Entry): string =>
  note?.owner === undefined ? '' : ` (${note.owner}${note.due === undefined ? '' : `, by ${note.due}`})`

const changes = ({ change = {} }: Entry): string =>
  Object.entries(change)
    .map(([name, value]) =>
      typeof value === 'string' ? `${name} to ${oneLine(value)}` : `${name}: ${value.title} ${value.url}`,
    )
    .join(', ')
