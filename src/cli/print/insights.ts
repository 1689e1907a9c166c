// Insights as a table: of each time the median, what nine of ten did not exceed, and how many are known.

import type { Insight, InsightsAnswer, Spread } from '../../wire/insights.js'
import type { Style } from './style.js'
import { table } from './table.js'
import { duration } from './time.js'

const HEAD = [
  'MONTH',
  'APPLICATION',
  'INCIDENTS',
  'KILLS',
  'UNDONE',
  'DECLARED TO KILL',
  'KILL TO PROOF',
  'KILL TO RESTORE',
]

export function insightTable(
  { insights }: Pick<InsightsAnswer, 'insights'>,
  look: { style: Style; columns?: number | undefined },
): string[] {
  return table(HEAD, insights.map(rowOf), look)
}

const rowOf = (each: Insight): string[] => [
  each.month,
  each.application ?? '-',
  String(each.incidents),
  String(each.kills),
  String(each.undone || ''),
  ...[each.declaredToKill, each.killToProof, each.killToRestore].map(spread),
]

/** `0.8 s, 12 s (2), 1 ?` */
function spread({ count, unknown, before, medianMs, p90Ms }: Spread): string {
  const times =
    medianMs === undefined || p90Ms === undefined
      ? []
      : [`${duration(medianMs)}, ${duration(p90Ms)} (${count})`]
  const others = [...(before ? [`${before} before`] : []), ...(unknown > 0 ? [`${unknown} ?`] : [])]
  return [...times, ...others].join(', ')
}
