// The story of an incident, entry by entry: one line each, with the hour to the second, who, what, from which
// step of the runbook, and what the fleet confirmed.

import { code, joined, type Phrase, prose, strong, words } from '../text/markdown.js'
import type { FlagDefinition } from '../wire/catalogue.js'
import { takenIn } from './adoption-words.js'
import type { Entry } from './audit.js'
import { toSecond } from './clock.js'
import { fleetWords } from './fleet-words.js'
import type { PostmortemSource } from './postmortem-facts.js'
import { attemptOf, causeOf, lackOf } from './refusal.js'

export function timelineOf({ entries, definition }: PostmortemSource): Phrase[][] {
  return entries.flatMap(entry => {
    const told = tell(entry, definition(entry.flag))
    return told === undefined ? [] : [prose`${toSecond(entry.at)} - ${told}`]
  })
}

/** What one entry says; undefined where it is nothing for the story. */
function tell(entry: Entry, definition: FlagDefinition | undefined): Phrase[] | undefined {
  const { actor, action, outcome, incident } = entry
  const who = `${actor.id} (${actor.role})`
  if (outcome === 'refused') return prose`${who} was refused: ${attemptOf(entry)}. ${causeOf(entry)}`
  switch (action) {
    case 'kill':
    case 'restore':
      return flipped(entry, who, definition)
    case 'flip.confirmed':
    case 'flip.unconfirmed':
      return prose`${code(entry.flag ?? '')}: ${fleetWords(entry)}`
    case 'fleet.forgotten':
    case 'fleet.reconciled':
      return incident === undefined ? undefined : prose`${who} ${fleetWords(entry)}${because(entry)}`
    case 'incident.declared':
      return prose`${who} declared ${incident}: ${declared(entry)}`
    case 'incident.noted':
      return prose`${entry.note?.kind}${entry.note?.to === undefined ? [] : prose` to ${entry.note.to}`} by ${actor.id}: ${entry.note?.text}${assigned(entry)}`
    case 'incident.changed':
      return prose`${who} changed ${joined(changes(entry), ', ')}${because(entry)}`
    case 'incident.adopted':
      return prose`${who} took under ${incident}: ${takenIn(entry)}${because(entry)}`
    case 'incident.step':
      return prose`${who} ${entry.ticked === 'skipped' ? 'skipped' : 'did'} ${step(entry)}${because(entry)}`
    case 'incident.resolved': {
      const { resolved } = entry
      return prose`${who} resolved ${incident}${resolved?.forced ? words(', by force') : []}${because(entry)}`
    }
    case 'incident.reopened':
      return prose`${who} reopened ${incident}${because(entry)}`
    default:
      return undefined
  }
}

function declared({ declared: said }: Entry): Phrase[] {
  const { title, severity, commander } = said ?? {}
  const led = commander ? prose`commander ${commander}` : []
  return joined(
    [words(title ?? ''), words(severity ?? ''), led].filter(each => each.length > 0),
    ', ',
  )
}

function flipped(entry: Entry, who: string, definition: FlagDefinition | undefined): Phrase[] {
  const name = (variant: string | null | undefined) => variant ?? definition?.defaultVariant ?? 'normal'
  const [before, after] = [name(entry.from), name(entry.to)]
  const value =
    entry.outcome === 'unchanged'
      ? `already ${after}`
      : `${before} -> ${after}${before === after ? ', still held by others' : ''}`
  const from = entry.step?.line === undefined ? [] : prose`, from ${step(entry)}`
  const off = entry.offRunbook ? prose`, off the runbook` : leftOut(entry)
  const why = entry.reason === entry.step?.text ? [] : because(entry)
  const label = strong(words(entry.label ?? entry.action))
  return prose`${label} (${code(entry.flag ?? '')}: ${value}) by ${who}${from}${off}${why}`
}

const leftOut = (entry: Entry): Phrase[] =>
  entry.action === 'restore' && entry.warnings !== undefined ? prose`, ${lackOf(entry)}` : []

const step = ({ step, runbook }: Entry): Phrase[] =>
  step?.line === undefined
    ? words(step?.id ?? '')
    : prose`${runbook?.id ?? ''}.md line ${step.line} "${step.text}" (${step.code ?? step.id})`

const because = ({ reason }: Entry): Phrase[] => (reason ? prose`: ${reason}` : [])

const assigned = ({ note }: Entry): Phrase[] => {
  if (note?.owner === undefined) return []
  return prose` (${note.owner}${note.due === undefined ? [] : prose`, by ${note.due}`})`
}

const changes = ({ change = {} }: Entry): Phrase[][] =>
  Object.entries(change).map(([name, value]) => {
    if (typeof value === 'string') return prose`${name} to ${value}`
    return 'url' in value ? prose`${name}: ${value.title} ${code(value.url)}` : prose`${name} to ${value.id}`
  })
