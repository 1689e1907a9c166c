// The fleet on a terminal: how many there are of each kind, a row for each app instance, and what was done about some.

import { entryId } from '../../domain/log/audit.js'
import type { Apart } from '../../wire/convergence.js'
import type { Forgotten, Instance, InstanceList, Reconciled } from '../../wire/instance.js'
import type { ApartCode } from '../../wire/words.js'
import type { Terminal } from '../plumbing/terminal.js'
import type { Style } from './style.js'
import { table } from './table.js'
import { absolute, when } from './time.js'

type Look = Pick<Terminal, 'style' | 'columns' | 'now'>
type Asked = { app: string | undefined; isLostOnly: boolean }

const HEAD = ['INSTANCE', 'APPLICATION', 'STATE', 'STANDING', 'REVISION', 'HEARD', 'SDK']

/** `list`: as far as it was read; with `next` where there is more of it. */
export function fleetLines(list: InstanceList, asked: Asked, { style, columns, now }: Look): string[] {
  const { environment, revision, instances, next } = list
  const rows = instances.map(each => row(each, style, now))
  const more = asked.isLostOnly ? list.lost - rows.length : total(list) - rows.length
  return [
    `${style.bold(environment)}  ${counts(list, style)}, revision ${entryId(revision)}`,
    ...(list.refused > 0
      ? [
          style.red(
            `! ${list.refused} time(s) within a day an instance was refused, as there are more than this service takes: no kill of its application is confirmed.`,
          ),
        ]
      : []),
    ...(rows.length > 0 ? ['', ...table(HEAD, rows, { style, columns })] : [emptyLine(list, asked)]),
    ...(next === undefined
      ? []
      : ['', `${more > 0 ? `${more} more` : 'There are more'}: killswitch fleet${optionsOf(asked)} --all`]),
  ]
}

function counts(
  { live, awaited, lost, closed, forgotten, replaced, refused }: InstanceList,
  style: Style,
): string {
  const found = [`${live} live`, `${awaited} awaited`, lost > 0 ? style.red(`${lost} lost`) : '0 lost']
  const left = [
    ...(forgotten > 0 ? [`${forgotten} forgotten`] : []),
    ...(replaced > 0 ? [`${replaced} replaced`] : []),
  ]
  return [...found, `${closed} closed`, ...left, `${refused} refused`].join(', ')
}

const total = ({ live, awaited, lost, closed, forgotten, replaced }: InstanceList): number =>
  live + awaited + lost + closed + forgotten + replaced

function emptyLine(list: InstanceList, { app, isLostOnly }: Asked): string {
  const of = app === undefined ? '' : ` of ${app}`
  if (isLostOnly && total(list) > 0) return `No instance${of} is lost.`
  return `No app instance${of} was heard of within a day: no kill ${app === undefined ? 'can be proved here' : 'of its flags can be proved'}.`
}

const optionsOf = ({ app, isLostOnly }: Asked): string =>
  `${app === undefined ? '' : ` --app ${app}`}${isLostOnly ? ' --lost' : ''}`

function row(member: Instance, style: Style, now: number): string[] {
  const { instance, app, liveness, revision, lastHeardAt, sdk, boot } = member
  const paint = {
    live: style.green,
    awaited: style.yellow,
    lost: style.red,
    closed: style.dim,
    forgotten: style.dim,
    replaced: style.dim,
  }[liveness]
  return [
    instance,
    app,
    paint(liveness),
    standing(member, style),
    revision === 0 ? '-' : entryId(revision),
    when(lastHeardAt, now),
    `${sdk ?? ''}${(boot && UP_FROM[boot]) ?? ''}`,
  ]
}

const UP_FROM: Record<string, string> = {
  cache: ' (up from its cache)',
  bootstrap: ' (up from its bootstrap)',
  unknown: ' (up with nothing known)',
}

/** How it stands to the log. Of one that said goodbye nothing is said. */
function standing({ liveness, proves, current, apart }: Instance, style: Style): string {
  if (['closed', 'forgotten', 'replaced'].includes(liveness)) return ''
  const ways = apart.map(each => style.red(inShort(each)))
  if (!proves) return [style.yellow('cannot prove: no session'), ...ways].join(', ')
  if (ways.length > 0) return ways.join(', ')
  return current ? 'current' : style.yellow('behind')
}

const SHORT: Record<ApartCode, string> = {
  ahead: 'ahead of the log',
  'other-log': 'of another log',
  holding: 'holds',
  forced: 'forces',
  fork: 'saw a fork of the log',
}

/** `holds ai_v1, kyc_v1`. A way that this command does not know yet is told as the service tells it. */
function inShort({ code, detail, flags = [] }: Apart): string {
  const words = SHORT[code] as string | undefined
  return words === undefined ? detail : [words, flags.join(', ')].filter(Boolean).join(' ')
}

export function forgottenLines(
  { environment, count, refused, instances, entries }: Forgotten,
  app: string | undefined,
  style: Style,
): string[] {
  const of = app === undefined ? '' : ` of ${app}`
  const refusals =
    refused > 0
      ? [
          `  ${refused} refusal${refused === 1 ? '' : 's'} of sessions too: who was refused is not waited for any more`,
        ]
      : []
  if (count === 0) return [`No instance${of} was lost: there was nobody to forget.`, ...refusals]
  const more = count - instances.length
  const places = `entr${entries.length === 1 ? 'y' : 'ies'} ${entries.map(entryId).join(', ')}`
  return [
    `${style.bold(`Forgot ${count} app instance${count === 1 ? '' : 's'}${of}.`)}  ${style.dim(`[${environment}] ${places}`)}`,
    `  ${instances.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    ...refusals,
  ]
}

export function reconciledLines(
  { environment, released, entry }: Reconciled,
  style: Style,
  now: number,
): string[] {
  const of = entry.application === undefined ? '' : ` of ${entry.application}`
  return [
    `${style.bold(`Released in the apps${of}:`)}  ${style.dim(`[${environment}] entry ${entryId(entry.place)}, ${absolute(entry.at, now)}`)}`,
    ...released.map(
      ({ flag, holds }) => `  ${flag}: hold${holds.length === 1 ? '' : 's'} ${holds.join(', ')}`,
    ),
  ]
}
