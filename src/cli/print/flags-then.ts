// The flags as the log had them at a time: those that were off with who held them, and what cannot be known.

import { entryId } from '../../domain/log/audit.js'
import type { FlagsThen, FlagThen } from '../../wire/flag.js'
import { countWords } from './flag.js'
import type { Style } from './style.js'
import { table } from './table.js'
import { absolute } from './time.js'

type Look = { style: Style; columns: number | undefined; now: number }

export function thenLines({ at, place, flags, unknown, environment }: FlagsThen, look: Look): string[] {
  const { style, columns, now } = look
  const killed = flags.filter(flag => flag.killed)
  const head = `${environment} at ${absolute(at, now)}, after entry ${entryId(place)}: ${countWords(killed.length, flags.length)}`
  const ordered = [...killed, ...flags.filter(flag => !flag.killed)]
  return [
    style.bold(head),
    ...(flags.length === 0
      ? []
      : table(
          HEAD,
          ordered.map(flag => rowOf(flag, look)),
          { style, columns },
        )),
    ...unknown.map(said => style.yellow(`! ${said}`)),
  ]
}

const HEAD = ['FLAG', 'APPLICATION', 'STATE', 'VALUE', 'HELD BY', 'NOT KNOWN']

function rowOf(
  { key, application, killed, value, holds, unknown }: FlagThen,
  { style, now }: Look,
): string[] {
  const held = holds.map(
    ({ actor, incident, since }) =>
      `${actor}${incident ? ` (${incident})` : ''} since ${absolute(since, now)}`,
  )
  return [
    key,
    application ?? '?',
    killed ? style.red('KILLED') : style.green('normal'),
    value === undefined ? '?' : JSON.stringify(value),
    held.join('; '),
    unknown ?? '',
  ]
}
