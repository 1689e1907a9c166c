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
} from '../text/markdown.js'
import { span, toSecond } from './clock.js'
import { between, type Facts, type FlagWindow, type PostmortemSource } from './postmortem-facts.js'
import { attemptOf, causeOf, lackOf } from './refusal.js'

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
      prose`Time to kill: ${toKill(facts)}`,
      ...left(source),
    ]),
    ...windowTable(facts),
    ...part(
      'Off the runbook',
      facts.offRunbook.map(
        entry =>
          prose`${toSecond(entry.at)} ${code(entry.flag ?? '')} by ${entry.actor.id}: ${lackOf(entry)}`,
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
    const { flag, label, killedAt, restoredAt, taken } = window
    const here =
      restoredAt === undefined ? 'still killed' : `${toSecond(restoredAt)} (${between(killedAt, restoredAt)})`
    const restored = taken ? `taken over by ${taken.by}, ${toSecond(taken.at)}` : here
    return [[code(flag)], ...[label, toSecond(killedAt), effect(window), restored].map(words)]
  })
  return [table([['Flag', 'Act', 'Killed', 'In effect', 'Restored'].map(words), ...rows])]
}

const part = (title: string, items: Phrase[][]): Block[] =>
  items.length === 0 ? [] : [heading(3, words(title)), bullets(items)]

const effect = ({ proof }: FlagWindow): string => proof ?? 'the log does not say who applied it'

function toKill({ toKillMs }: Facts): string {
  if (toKillMs === undefined) return 'no flag was killed'
  return toKillMs < 0
    ? `killed ${span(-toKillMs)} before it was declared`
    : `${span(toKillMs)} after it was declared`
}

const left = ({ incident }: PostmortemSource): Phrase[][] =>
  (incident.resolved?.leave ?? []).map(
    ({ flag, owner, until }) => prose`Left killed: ${code(flag)}, looked after by ${owner} until ${until}`,
  )
