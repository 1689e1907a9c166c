// Advice that would wipe a store, and with it flags that are held, wherever it stands in a runbook.

import type { Finding } from '../../wire/runbook.js'
import { lineAt } from './prose.js'
import type { Saying } from './sayings.js'

const STORE = 'make sure it is not the one that holds the flags'

const DESTROYS: readonly (readonly [RegExp, (said: string) => string])[] = [
  [
    /\bFLUSH(?:ALL|DB)\b/gi,
    said => `${said.toUpperCase()} empties a whole Redis; name the keys to delete instead, or ${STORE}`,
  ],
  [
    /\bdocker[ -]compose\b[^|;&\n]{0,200}\bdown\b[^|;&\n]{0,100}\s(?:-v|--volumes)\b|\bdocker volume (?:rm|prune)\b/gi,
    said => `"${said}" deletes the volumes, and what a store keeps in them; leave the volumes, or ${STORE}`,
  ],
  [
    /\brm\s+-\w*[rf]\w*\s[^|;&\n]{0,200}?(?:\/redis\b|appendonly\w*|dump\.rdb)/gi,
    said => `"${said}" deletes the files of a Redis; restore them from a copy instead, or ${STORE}`,
  ],
  [
    /\b(?:DEL|UNLINK|XTRIM)\s+["']?\{?killswitch\S*/gi,
    said =>
      `"${said}" deletes this service's own log or state: flags that are held would be forgotten; never do it`,
  ],
]

/** One finding a line and command. */
export function destructive(runbook: string, sayings: readonly Saying[]): Finding[] {
  const found = new Map<string, Finding>()
  for (const { prose } of sayings) {
    for (const [words, message] of DESTROYS) {
      for (const { 0: said, index } of prose.text.matchAll(words)) {
        const line = lineAt(prose, index)
        const finding = { code: 'destructive-command' as const, message: message(said), runbook, line }
        found.set(`${line} ${finding.message}`, finding)
      }
    }
  }
  return [...found.values()]
}
