// What every post-mortem has, whatever its template: how fast, how well proved, who went off the runbook, what is left.

import { toSecond } from './clock.js'
import {
  between,
  cell,
  type Facts,
  type FlagWindow,
  type PostmortemSource,
  span,
} from './postmortem-facts.js'
import { attemptOf, causeOf, lackOf } from './refusal.js'

/** `isTemplate`: the header is a template's, and may not say when it was. */
export function fromTheLog(source: PostmortemSource, facts: Facts, isTemplate: boolean): string[] {
  const { incident, environment } = source
  const end = facts.end === undefined ? 'now (still open)' : toSecond(facts.end)
  return [
    '## From the log',
    '',
    ...(isTemplate
      ? [`- ${incident.id}, ${environment}: ${toSecond(facts.start)} to ${end}, ${durationOf(facts)}`]
      : []),
    `- Time to kill: ${toKill(facts)}`,
    ...left(source),
    ...table(facts),
    ...part(
      'Off the runbook',
      facts.offRunbook.map(
        entry => `- ${toSecond(entry.at)} \`${entry.flag}\` by ${entry.actor.id}: ${lackOf(entry)}`,
      ),
    ),
    ...part(
      'Refused',
      facts.refused.map(
        entry => `- ${toSecond(entry.at)} ${attemptOf(entry)}, by ${entry.actor.id}: ${causeOf(entry)}`,
      ),
    ),
  ]
}

export const durationOf = ({ start, end }: Facts): string =>
  end === undefined ? 'still open' : between(start, end)

function table({ windows }: Facts): string[] {
  if (windows.length === 0) return []
  const rows = windows.map(window => {
    const { flag, label, killedAt, restoredAt } = window
    const restored =
      restoredAt === undefined ? 'still killed' : `${toSecond(restoredAt)} (${between(killedAt, restoredAt)})`
    return `| \`${flag}\` | ${cell(label)} | ${toSecond(killedAt)} | ${effect(window)} | ${restored} |`
  })
  return ['', '| Flag | Act | Killed | In effect | Restored |', '| --- | --- | --- | --- | --- |', ...rows]
}

const part = (title: string, lines: string[]): string[] =>
  lines.length === 0 ? [] : ['', `### ${title}`, '', ...lines]

function effect({ effectMs, proof }: FlagWindow): string {
  if (proof === undefined || proof.of === 0) return 'unproven: no running instance was known'
  const when = effectMs === undefined ? '' : ` after ${span(effectMs)}`
  const shown = `${proof.applied} of ${proof.of} instances${when}`
  return proof.applied === proof.of ? `proved by ${shown}` : `not proved by all: ${shown}`
}

function toKill({ toKillMs }: Facts): string {
  if (toKillMs === undefined) return 'no flag was killed'
  return toKillMs < 0
    ? `killed ${span(-toKillMs)} before it was declared`
    : `${span(toKillMs)} after it was declared`
}

const left = ({ incident }: PostmortemSource): string[] =>
  (incident.resolved?.leave ?? []).map(
    each => `- Left killed: \`${each.flag}\`, looked after by ${each.owner} until ${each.until}`,
  )
