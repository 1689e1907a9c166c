// What an entry of the log says, in one sentence. It is made here alone: answers, tables, CSV, chat and the timeline of a
// post-mortem take it, or the parts of it, from here. It says nothing that the entry does not have.

import { oneLine } from '../../text/characters.js'
import type { FlagDefinition } from '../../wire/catalogue.js'
import type { Line } from '../../wire/entry.js'
import type { Action } from '../../wire/words.js'
import { catalogueWords } from '../catalogue/catalogue-change.js'
import { toSecond } from '../clock.js'
import { credentialWords } from '../credentials.js'
import { fleetWords } from '../fleet/fleet-words.js'
import { holdsNow } from '../flip/hold.js'
import { attemptOf, attemptUnder } from '../flip/refusal.js'
import { takenIn } from '../incident/adoption-words.js'
import { entryId } from './audit.js'
import { keyIdOf } from './signature.js'

/** An entry whole, or as pages list it. */
export type Told = Omit<Line, 'catalogue'> & {
  catalogue?: { digest: string; flags: readonly unknown[]; runbooks: readonly unknown[] }
}

/** Never empty, and one line. `definition`: of its flag, as it is in force now. */
export function sentenceOf(entry: Told, definition: FlagDefinition | undefined): string {
  const { action, outcome } = entry
  if (action === 'flip.voided') return oneLine(voided(entry))
  if (outcome === 'refused') return oneLine(refused(entry))
  // a newer version may have written of an action that this one does not know
  const says: Sentence | undefined = SENTENCES[action]
  return oneLine(says?.(entry, definition) ?? [action, entry.reason].filter(Boolean).join(': '))
}

/** A variant for a person: null is the normal behaviour, by name where it has only one. */
export function variantName(variant: string | null | undefined, definition?: FlagDefinition): string {
  if (variant !== null && variant !== undefined) return variant
  return definition && definition.targeting === undefined ? definition.defaultVariant : 'normal'
}

/** What a flip did to its flag: `on -> off`, `still off, 2 holds now`, `already off`; undefined where the entry does not say. */
export function valueWords(entry: Told, definition: FlagDefinition | undefined): string | undefined {
  const { action, outcome, from, to, holds } = entry
  if (from === undefined && to === undefined) return undefined
  const [before, after] = [variantName(from, definition), variantName(to, definition)]
  if (action === 'drill') return `nothing changed, still ${after}`
  if (outcome === 'unchanged') return to === null ? `nothing changed, still ${after}` : `already ${after}`
  if (from !== to) return `${before} -> ${after}`
  return holds === undefined ? `still ${after}` : `still ${after}, ${holdsNow({ action, holds })}`
}

/** Where a kill or a restore comes from, if nobody asked for it at that moment. */
export function cameBy({ shown, origin }: Pick<Told, 'shown' | 'origin'>): string | undefined {
  if (shown) return `this log did not have it; ${shown.instance} of ${shown.app} showed it`
  return origin && `entry ${entryId(origin.place)} of a branch that the log left`
}

/** The name of its act: `Turn ai_v1 off`, and `Kill of ai_v1` where an entry has no label. */
export const actOf = ({ label, action, flag }: Pick<Told, 'label' | 'action' | 'flag'>): string =>
  label || `${NAMES[action] ?? action}${flag ? ` of ${flag}` : ''}`

const NAMES: Partial<Record<Action, string>> = { kill: 'Kill', restore: 'Restore', drill: 'Drill' }

type Sentence = (entry: Told, definition: FlagDefinition | undefined) => string

const flip: Sentence = (entry, definition) => {
  const by = cameBy(entry)
  const value = valueWords(entry, definition)
  return `${actOf(entry)}${value === undefined ? '' : `: ${value}`}${by === undefined ? '' : ` (${by})`}`
}

const SENTENCES: Record<Action, Sentence> = {
  kill: flip,
  restore: flip,
  drill: flip,
  'step.run': ({ step, offRunbook, flags = [] }) => {
    const list = flags.join(', ') || 'nothing'
    return step === undefined || offRunbook ? `Killed in one act: ${list}` : `Ran ${step.id}: ${list}`
  },
  'flip.voided': voided,
  'flip.confirmed': confirmed,
  'flip.unconfirmed': confirmed,
  'fleet.forgotten': entry => fleetWords(entry) ?? 'forgot app instances',
  'fleet.reconciled': entry => fleetWords(entry) ?? 'released holds in the apps',
  'hold.merged': ({ merged = [] }) =>
    `Taken without the store, and in the log already: ${countOf(merged.length, 'hold')}${listed(merged)}`,
  'log.recovered': recoveredWords,
  'log.signed': entry => `The log is signed from here on${withKey(entry)}`,
  'log.rekeyed': entry =>
    `The log is signed with another key from here on${withKey(entry)}${entry.signing?.lost ? '; the key before is lost' : ''}`,
  'log.redated': ({ redated }) =>
    `The log is dated by the clock again${redated ? `; the entry before is of ${toSecond(redated.from)}` : ''}`,
  'incident.declared': ({ incident, declared }) => {
    const { severity, runbook, commander, title } = declared ?? {}
    const led = commander && `commander ${commander}`
    const said = [declared?.drill && 'a drill', severity, runbook, led].filter(Boolean).join(', ')
    return `Declared ${named(incident)}${said ? ` (${said})` : ''}${title ? `: ${title}` : ''}`
  },
  'incident.noted': ({ incident, note }) =>
    `${named(incident)} ${note ? `${note.kind}${note.to ? ` to ${note.to}` : ''}: ${note.text}${assigned(note)}` : 'noted'}`,
  'incident.changed': ({ incident, change }) => `${named(incident)} changed: ${changesIn(change)}`,
  'incident.adopted': entry => `${named(entry.incident)} adopted ${takenIn(entry)}`,
  'incident.step': ({ incident, step, ticked }) =>
    `${named(incident)} step ${step?.id ?? 'of its runbook'} ${ticked ?? 'ticked'}${step?.text ? `: ${step.text}` : ''}`,
  'incident.resolved': ({ incident, resolved, outcome }) =>
    `${outcome === 'unchanged' ? 'Resolved already:' : 'Resolved'} ${named(incident)}${resolved ? leftIn(resolved) : ''}`,
  'incident.reopened': ({ incident, outcome }) =>
    outcome === 'unchanged' ? `${named(incident)} was open already` : `Reopened ${named(incident)}`,
  'tokens.changed': entry => credentialWords(entry) ?? 'The tokens file was changed',
  'catalogue.loaded': entry => {
    const { catalogue, outcome, reason } = entry
    if (outcome === 'unchanged') return `Catalogue in force already${reason ? `: ${reason}` : ''}`
    if (catalogue === undefined) return `Catalogue loaded${reason ? `: ${reason}` : ''}`
    const changed = catalogueWords(entry)
    if (changed !== undefined) return changed
    const { flags, runbooks, digest } = catalogue
    return `Catalogue loaded: ${countOf(flags.length, 'flag')}, ${countOf(runbooks.length, 'runbook')}, digest ${digest.slice(0, 12)}`
  },
  'refused.summary': ({ summary }) => `Refused ${more(summary)}`,
  'unchanged.summary': ({ summary, flags = [] }) =>
    `Killed again what was killed, ${more(summary)}${listed(flags)}`,
}

function voided({ flag }: Told): string {
  const what = flag ? `to flip ${flag}` : 'with an unknown outcome'
  return `Void: an attempt ${what} was not done, and now cannot be`
}

function refused(entry: Told): string {
  const { refusal, origin } = entry
  const of = origin === undefined ? '' : ` (${cameBy({ origin })})`
  return `Refused (${refusal?.code ?? 'no reason kept'}): ${attemptOf(entry)}${attemptUnder(entry)}${of}`
}

/** `ai_v1, entry 0-42: 3/3 confirmed by trustflow` */
function confirmed(entry: Told): string {
  const of = [entry.flag, entry.confirmed && `entry ${entryId(entry.confirmed.flip)}`].filter(Boolean)
  const said = fleetWords(entry) ?? (entry.action === 'flip.confirmed' ? 'confirmed' : 'unconfirmed')
  return [of.join(', '), said].filter(Boolean).join(': ')
}

/** What was lost of the log, and put back. */
export function recoveredWords({ epoch, recovered, reason }: Told): string {
  const lines = recovered ? `, ${countOf(recovered.restored, 'entry', 'entries')} put back` : ''
  const why = recovered?.why || reason
  return `Epoch ${epoch} of the log was opened${lines}${why ? `: ${why}` : ''}`
}

const withKey = ({ signing }: Told): string => (signing ? `, with the key ${keyIdOf(signing.key)}` : '')

const named = (incident: string | undefined): string => incident || 'an incident'

const assigned = ({ owner, due }: NonNullable<Told['note']>): string =>
  owner || due ? ` (${[owner, due && `by ${due}`].filter(Boolean).join(', ')})` : ''

function changesIn({ link, runbook, ...rest }: NonNullable<Told['change']> = {}): string {
  const said = Object.entries(rest).map(([name, value]) => `${name} to ${value}`)
  const linked = link ? [`link ${link.title} ${link.url}`] : []
  return [...said, ...(runbook ? [`runbook to ${runbook.id}`] : []), ...linked].join(', ') || 'nothing'
}

const leftIn = ({ leave, forced }: NonNullable<Told['resolved']>): string =>
  (forced ? ', forced' : '') +
  (leave.length > 0 ? `, leaving ${leave.map(left => left.flag).join(', ')}` : '')

const more = (summary: Told['summary']): string =>
  summary
    ? `${countOf(summary.count, 'time')} more since ${toSecond(summary.since)}`
    : 'more often than there are entries of it'

const countOf = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`

const listed = (names: readonly string[]): string => (names.length > 0 ? `: ${names.join(', ')}` : '')
