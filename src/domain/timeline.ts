// The story of an incident, entry by entry: one line of Markdown each, with the hour to the second, who, what, from which
// step of the runbook, and what the fleet confirmed.

import type { Entry } from './audit.js'
import type { FlagDefinition } from './flag.js'
import { oneLine, type PostmortemSource, span, toSecond } from './postmortem-facts.js'

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
    return `${who} was refused: ${entry.action} ${entry.flag ?? ''} (${entry.refusal?.code}). ${oneLine(entry.refusal?.detail ?? '')}`
  switch (entry.action) {
    case 'kill':
    case 'restore':
      return flipped(entry, who, definition)
    case 'flip.confirmed':
      return confirmed(entry)
    case 'incident.declared':
      return `${who} declared ${entry.incident}: ${oneLine(entry.declared?.title ?? '')}, ${entry.declared?.severity}${entry.declared?.commander ? `, commander ${entry.declared.commander}` : ''}`
    case 'incident.noted':
      return `${entry.note?.kind} by ${entry.actor.id}: ${oneLine(entry.note?.text ?? '')}`
    case 'incident.changed':
      return `${who} changed ${changes(entry)}`
    case 'incident.adopted':
      return `${who} took under ${entry.incident}: ${(entry.adopted ?? []).map(each => each.flag).join(', ')}`
    case 'incident.step':
      return `${who} ${entry.ticked} step ${step(entry)}${entry.reason ? `: ${oneLine(entry.reason)}` : ''}`
    case 'incident.resolved':
      return `${who} resolved ${entry.incident}${entry.resolved?.forced ? ', by force' : ''}${entry.reason ? `: ${oneLine(entry.reason)}` : ''}`
    default:
      return undefined
  }
}

function flipped(entry: Entry, who: string, definition: FlagDefinition | undefined): string {
  const name = (variant: string | null | undefined) => variant ?? definition?.defaultVariant ?? 'normal'
  const [before, after] = [name(entry.from), name(entry.to)]
  const already =
    entry.outcome === 'unchanged' ? ' (already so)' : before === after ? ' (still held by others)' : ''
  const from = entry.step?.line === undefined ? '' : `, from ${step(entry)}`
  const off = entry.offRunbook ? ', off the runbook' : ''
  const why =
    entry.reason === undefined || entry.reason === entry.step?.text ? '' : `: ${oneLine(entry.reason)}`
  return `**${entry.label ?? entry.action}** (\`${entry.flag}\`: ${before} -> ${after})${already} by ${who}${from}${off}${why}`
}

const step = ({ step, runbook }: Entry): string =>
  step?.line === undefined
    ? (step?.id ?? '')
    : `${runbook?.id ?? ''}.md line ${step.line} "${oneLine(step.text ?? '')}" (${step.code ?? step.id})`

function confirmed({ confirmed, flag }: Entry): string {
  const { complete, applied = 0, pending = [], lost = [], lastMs } = confirmed ?? {}
  const gone = lost.length > 0 ? `; lost: ${lost.join(', ')}` : ''
  if (complete)
    return `\`${flag}\`: all ${applied} live instances had applied it${lastMs === undefined ? '' : `, the last after ${span(lastMs)}`}${gone}`
  return `\`${flag}\`: ${applied} of ${applied + pending.length} live instances had applied it after a minute; waiting for ${pending.join(', ') || 'none'}${gone}`
}

const changes = ({ change = {} }: Entry): string =>
  Object.entries(change)
    .map(([name, value]) =>
      typeof value === 'string' ? `${name} to ${oneLine(value)}` : `${name}: ${value.title} ${value.url}`,
    )
    .join(', ')
