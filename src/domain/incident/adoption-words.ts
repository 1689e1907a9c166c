// What an adoption took, and from where: one sentence for the timeline, the answers and the terminal.

import type { Entry } from '../log/audit.js'

/** `ai_v1 (from INC-1O3), kyc_v1`; where nothing was held any more, the names alone. */
export function takenIn({ adopted = [], history = [] }: Pick<Entry, 'adopted' | 'history'>): string {
  const flags = adopted.map(({ flag, from }) => (from === undefined ? flag : `${flag} (from ${from})`))
  const names = history.filter(name => !adopted.some(({ from }) => from === name))
  const past = names.length > 0 ? [`what was done under ${names.join(', ')}`] : []
  return [...new Set([...flags, ...past])].join(', ') || 'nothing'
}
