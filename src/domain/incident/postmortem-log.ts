// What every post-mortem has, whatever its template: how fast, how well proved, who went off the runbook, what is left.

import {
  type Block,
  bullets,
  code,
  heading,
  type Phrase,
  prose,
  strong,
  table,
  words,
} from '../../text/markdown.js'
import { span, toSecond } from '../clock.js'
import { attemptOf, causeOf, lackOf } from '../flip/refusal.js'
import type { Entry } from '../log/audit.js'
import { between, type Facts, type PostmortemSource } from './postmortem-facts.js'
import type { FlagWindow } from './postmortem-windows.js'

/** `isTemplate`: the header is a template's, and may not say when it was. */
export function fromTheLog(source: PostmortemSource, facts: Facts, isTemplate: boolean): Block[] {
  const { incident, environment } = source
  const end = facts.end === undefined ? 'now (still open)' : toSecond(facts.end)
  return [
    heading(2, words('From the log')),
    bullets([
      ...(incident.drill
        ? [prose`${strong(words('This was a drill.'))} It was declared as one; its kills were real kills.`]
        : []),
      ...(source.unreadable === undefined
        ? []
        : [prose`${strong(words('Not complete.'))} ${source.unreadable}`]),
      ...(isTemplate
        ? [prose`${incident.id}, ${environment}: ${toSecond(facts.start)} to ${end}, ${durationOf(facts)}`]
        : []),
      prose`Time to kill: ${toKill(source, facts)}`,
      ...left(source),
    ]),
    ...windowTable(facts),
    ...part(
      'Off the runbook',
      facts.offRunbook.map(
        entry =>
          prose`${toSecond(entry.at)} ${entry.flag === undefined ? words(entry.incident ?? '') : code(entry.flag)} by ${entry.actor.id}: ${lackOf(entry) || 'no step stands behind it'}${namedLater(source, entry)}`,
      ),
    ),
    ...part(
      'Refused',
      facts.refused.map(
        entry => prose`${toSecond(entry.at)} ${attemptOf(entry)}, by ${entry.actor.id}: ${causeOf(entry)}`,
      ),
    ),
  ]
}

export const durationOf = ({ start, end }: Facts): string =>
  end === undefined ? 'still open' : between(start, end)

function windowTable({ windows }: Facts): Block[] {
  if (windows.length === 0) return []
  const rows = windows.map(window => {
    const { flag, label, killedAt, wasKilled } = window
    const killed = `${toSecond(killedAt)}${wasKilled ? ', held by others before' : ''}`
    return [[code(flag)], ...[label, killed, effect(window), restored(window)].map(words)]
  })
  return [table([['Flag', 'Act', 'Killed', 'In effect', 'Restored'].map(words), ...rows])]
}

const part = (title: string, items: Phrase[][]): Block[] =>
  items.length === 0 ? [] : [heading(3, words(title)), bullets(items)]

const effect = ({ proof }: FlagWindow): string => proof ?? 'the log does not say who applied it'

function restored({ killedAt, restoredAt, heldOn, taken }: FlagWindow): string {
  if (taken) return `taken over by ${taken.by}, ${toSecond(taken.at)}`
  if (restoredAt === undefined) return 'still killed'
  const until = `${toSecond(restoredAt)} (${between(killedAt, restoredAt)})`
  return heldOn ? `released ${until}, still held by others then` : until
}

/** Of all that it killed and adopted: the first, and the last where there are several. */
function toKill(source: PostmortemSource, { toKillMs }: Facts): string {
  const [first] = toKillMs
  const last = toKillMs.at(-1)
  if (first === undefined || last === undefined) return noKill(source)
  if (first === last) return `${first < 0 ? 'killed ' : ''}${fromDeclared(first)}`
  return `first of ${toKillMs.length} kills ${fromDeclared(first)}, the last ${fromDeclared(last)}`
}

const fromDeclared = (ms: number): string =>
  ms < 0 ? `${span(-ms)} before it was declared` : `${span(ms)} after it was declared`

/** What could not be read may have been a kill. */
export const noKill = ({ unreadable }: PostmortemSource): string =>
  unreadable === undefined ? 'no flag was killed' : 'no kill is in what could be read of the log'

/** The same kill again gave the step that the first one should have had. */
function namedLater({ entries }: PostmortemSource, { action, hold }: Entry): Phrase[] {
  if (action !== 'kill' || hold === undefined) return []
  const again = entries.find(
    each => each.action === 'kill' && each.outcome === 'unchanged' && each.hold === hold && !each.offRunbook,
  )
  return again?.step === undefined ? [] : prose`; ${again.step.id} was named ${toSecond(again.at)}`
}

const left = ({ incident }: PostmortemSource): Phrase[][] =>
  (incident.resolved?.leave ?? []).map(
    ({ flag, owner, until }) => prose`Left killed: ${code(flag)}, looked after by ${owner} until ${until}`,
  )
