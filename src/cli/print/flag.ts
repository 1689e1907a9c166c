// Flags, for people: a table of all, or one with its holds and steps.

import { entryId } from '../../domain/log/audit.js'
import type { Flag, FlagList } from '../../wire/flag.js'
import type { Hold } from '../../wire/hold.js'
import { convergenceLines } from './convergence.js'
import { stepLine } from './flip.js'
import type { Style } from './style.js'
import { pairs, table } from './table.js'
import { when } from './time.js'

type Look = { style: Style; columns: number | undefined; now: number }

export function flagTable(
  { environment, revision, upstream, flags }: FlagList,
  url: string,
  look: Look,
): string[] {
  const { style } = look
  const killed = flags.filter(flag => flag.killed).length
  const count = killed === 0 ? style.green('all normal') : style.red(countWords(killed, flags.length))
  const rows = flags.map(flag => [
    flag.key,
    flag.application,
    stateOf(flag, style),
    flag.killed ? flag.label : flag.restore.variant,
    flag.holds.map(hold => holdInShort(hold, look)).join('; '),
  ])
  return [
    `${style.bold(environment)}  ${url}  revision ${entryId(revision)}  ${count}`,
    ...(upstream === 'stale' ? [style.yellow('! The store is away: this is the last known state.')] : []),
    ...(rows.length > 0
      ? ['', ...table(['FLAG', 'APPLICATION', 'STATE', 'NOW', 'HELD BY'], rows, look)]
      : []),
  ]
}

/** Where only killed flags were asked for, their number is not that of all. */
export const countWords = (killed: number, shown: number): string =>
  killed === shown ? `${killed} killed` : `${killed} of ${shown} killed`

const stateOf = ({ killed, orphaned }: Flag, style: Style): string =>
  (killed ? style.red('KILLED') : style.green('normal')) + (orphaned ? style.yellow(' (orphaned)') : '')

const holdInShort = ({ incident, actor, since, provisional }: Hold, { style, now }: Look): string =>
  `${incident ?? actor}, ${when(since, now)}${provisional ? style.yellow(', provisional') : ''}`

export function flagLines(flag: Flag, look: Look): string[] {
  const { style, now } = look
  const { kill, restore, holds, steps = [], convergence } = flag
  return [
    `${style.bold(flag.key)}  ${stateOf(flag, style)}  ${flag.label}  ${style.dim(`[${flag.environment}]`)}`,
    ...pairs(
      [
        ['application', flag.application],
        ['what it is', flag.description],
        ['a kill does', flag.effect],
        ['owner', flag.owner],
        ['kill', `${kill.label} (${kill.role} or higher)`],
        ['restore', `${restore.label} (${restore.role} or higher)`],
      ],
      style,
    ),
    ...holdLines(holds, style, now),
    ...(convergence ? ['', ...convergenceLines([convergence], style)] : []),
    ...(steps.length > 0
      ? [
          '',
          ...table(
            ['CODE', 'DOES', 'STEP'],
            steps.map(step => [step.code, step.direction, step.id]),
            look,
          ),
        ]
      : []),
  ]
}

/** Each hold in a block of its own: who, when, why, from which step. */
export function holdLines(holds: readonly Hold[], style: Style, now: number): string[] {
  return holds.flatMap(hold => [
    '',
    `${style.bold(`hold ${hold.id}`)}  ${hold.incident ?? 'no incident'}${hold.provisional ? style.yellow('  provisional: not in the log yet') : ''}`,
    ...pairs(
      [
        ['by', `${hold.actor}, ${when(hold.since, now)}`],
        ['why', hold.reason === hold.step?.text ? undefined : hold.reason],
        ['step', hold.step && stepLine(hold.step)],
        ['paperwork', hold.offRunbook ? style.yellow('off the runbook') : undefined],
      ],
      style,
    ),
  ])
}
