// Advice that would wipe a store, and with it the log of this service, wherever it stands in a runbook.

import type { Finding, Step } from '../../../wire/runbook.js'
import { lineAt, type Prose } from '../structure/prose.js'
import type { Saying } from './sayings.js'

/** What becomes of this service then. The fault scenarios of the tests prove it (test/faults/scenarios/lost-log.ts). */
const PUT_BACK =
  'its log there is gone; its instances put it back from their disks, and what is killed stays killed'
const OURS = `Run on the Redis of this service: ${PUT_BACK}`

const DESTROYS: readonly (readonly [RegExp, (said: string) => string])[] = [
  [
    /\bFLUSH(?:ALL|DB)\b/gi,
    said => `${said.toUpperCase()} empties a whole Redis; name the keys to delete instead. ${OURS}`,
  ],
  [
    /\bdocker[ -]compose\b[^|;&\n]{0,200}\bdown\b[^|;&\n]{0,100}\s(?:-v|--volumes)\b|\bdocker volume (?:rm|prune)\b/gi,
    said =>
      `"${said}" deletes the volumes, and what a store keeps in them; leave the volumes. Of this service: where the volumes of Redis and of all its instances are gone, so is the log, and with it what is killed`,
  ],
  [
    /\brm\s+-\w*[rf]\w*\s[^|;&\n]{0,200}?(?:\/redis\b|appendonly\w*|dump\.rdb)/gi,
    said =>
      `"${said}" deletes the files of a Redis; restore them from a copy instead. Of the Redis of this service: once it is started again ${PUT_BACK}`,
  ],
  [
    /\b(?:DEL|UNLINK|XTRIM)\s+["']?\{?killswitch\S*/gi,
    said =>
      `"${said}" deletes this service's own log or state in Redis; never do it. Its instances put it back from their disks, and what is killed stays killed`,
  ],
]

type Danger = NonNullable<Step['dangers']>[number]

/** What a text would wipe, with its lines. */
export const dangersIn = (prose: Prose): Danger[] =>
  DESTROYS.flatMap(([words, message]) =>
    Array.from(prose.text.matchAll(words), ({ 0: said, index }) => ({
      message: message(said),
      line: lineAt(prose, index),
    })),
  )

/** One finding a line and command, at its step where it is one of a step. */
export function destructive(runbook: string, sayings: readonly Saying[], steps: readonly Step[]): Finding[] {
  const dangers = distinct(sayings.flatMap(({ prose }) => dangersIn(prose)))
  return dangers.map(({ message, line }) => {
    const step = steps.find(each => each.dangers?.some(own => own.line === line && own.message === message))
    return { code: 'destructive-command', message, runbook, line, ...(step && { step: step.id }) }
  })
}

export const distinct = (dangers: readonly Danger[]): Danger[] => [
  ...new Map(dangers.map(danger => [`${danger.line} ${danger.message}`, danger])).values(),
]
