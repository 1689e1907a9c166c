// The story of an incident, entry by entry: one line each, with the hour to the second, who, what, from which
// step of the runbook, and what the fleet confirmed.

import { code, joined, type Phrase, prose, strong, words } from '../../text/markdown.js'
import type { FlagDefinition } from '../../wire/catalogue.js'
import { toSecond } from '../clock.js'
import { fleetWords } from '../fleet/fleet-words.js'
import { attemptOf, causeOf, isOfTheStory, lackOf } from '../flip/refusal.js'
import { type Entry, entryId } from '../log/audit.js'
import { actOf, cameBy, recoveredWords, sentenceOf, valueWords } from '../log/sentence.js'
import { takenIn } from './adoption-words.js'
import type { PostmortemSource } from './postmortem-facts.js'
import { sinceOf } from './postmortem-windows.js'

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
  if (outcome === 'refused') return refused(entry, who)
  // a kill that changed nothing was made all the same
  if (outcome === 'unchanged' && action.startsWith('incident.')) return undefined
  switch (action) {
    case 'kill':
    case 'restore':
      return flipped(entry, who, definition)
    case 'flip.confirmed':
    case 'flip.unconfirmed':
      return prose`${code(entry.flag ?? '')}: ${fleetWords(entry) ?? action}`
    case 'fleet.forgotten':
    case 'fleet.reconciled':
      return incident === undefined ? undefined : prose`${who} ${fleetWords(entry)}${because(entry)}`
    case 'incident.declared':
      return prose`${who} declared ${incident}: ${declared(entry)}`
    case 'incident.noted':
      if (entry.note === undefined) return prose`${who} wrote a note`
      return prose`${entry.note.kind}${entry.note.to === undefined ? [] : prose` to ${entry.note.to}`} by ${actor.id}: ${entry.note.text}${assigned(entry)}`
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
    case 'drill':
    case 'log.redated':
    case 'log.rekeyed':
    case 'hold.merged':
      return prose`${who}: ${sentenceOf(entry, definition)}`
    case 'log.recovered':
      return prose`${recoveredWords(entry)}`
    default:
      return undefined
  }
}

function declared({ declared: said }: Entry): Phrase[] {
  const { title, severity, commander } = said ?? {}
  const led = commander ? prose`commander ${commander}` : []
  return joined(
    [words(title ?? ''), words(said?.drill ? 'a drill' : ''), words(severity ?? ''), led].filter(
      each => each.length > 0,
    ),
    ', ',
  )
}

/** Undefined where it changed nothing for the incident. */
function refused(entry: Entry, who: string): Phrase[] | undefined {
  const { action, refusal, origin, flag } = entry
  if (!isOfTheStory(entry)) return undefined
  if (action === 'flip.voided') {
    const what = flag === undefined ? prose`a flip` : prose`a flip of ${code(flag)}`
    return prose`${what} by ${who} was not done, and now cannot be: its outcome had not been known`
  }
  if (refusal?.code === 'history-lost' && origin !== undefined)
    return prose`${attemptOf(entry)} by ${who} had been done as entry ${entryId(origin.place)} of a branch that the log left, and was not done again`
  return prose`${who} was refused: ${attemptOf(entry)}. ${causeOf(entry)}`
}

function flipped(entry: Entry, who: string, definition: FlagDefinition | undefined): Phrase[] {
  const value = valueWords(entry, definition)
  const name = code(entry.flag ?? '')
  const what = value === undefined ? name : prose`${name}: ${value}`
  const by = cameBy(entry)
  const taken =
    toSecond(sinceOf(entry)) === toSecond(entry.at) ? [] : prose`, taken at ${toSecond(sinceOf(entry))}`
  const from = entry.step?.line === undefined ? [] : prose`, from ${step(entry)}`
  const off = entry.offRunbook ? prose`, off the runbook` : leftOut(entry)
  const why = entry.reason === entry.step?.text ? [] : because(entry)
  const label = strong(words(actOf(entry)))
  const again = by === undefined ? [] : prose` (${by})`
  return prose`${label} (${what}) by ${who}${again}${taken}${from}${off}${why}`
}

const leftOut = (entry: Entry): Phrase[] =>
  entry.action === 'restore' && lackOf(entry) ? prose`, ${lackOf(entry)}` : []

function step({ step: said, runbook }: Entry): Phrase[] {
  if (said === undefined) return words('a step')
  const { id, code: short = id, text, line } = said
  if (line === undefined) return words(text ?? id)
  const where = runbook === undefined ? `line ${line}` : `${runbook.id}.md line ${line}`
  return prose`${where}${text === undefined ? [] : prose` "${text}"`} (${short})`
}

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
