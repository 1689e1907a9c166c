// How long it took, by month and application: from the declaration to the kill, from the kill to its proof and to its
// restore. What did not happen, or is not known, is counted beside the times and never taken for a time of zero.

import type { Insight, Spread } from '../../wire/insights.js'
import { applicationsIn, type Facts } from './audit-facts.js'

type Times = { ms: number[]; before: number; unknown: number }
type Month = {
  incidents: number
  kills: number
  undone: number
  declaredToKill: Times
  killToProof: Times
  killToRestore: Times
}

const noTimes = (): Times => ({ ms: [], before: 0, unknown: 0 })
const noMonth = (): Month => ({
  ...{ incidents: 0, kills: 0, undone: 0 },
  ...{ declaredToKill: noTimes(), killToProof: noTimes(), killToRestore: noTimes() },
})

export class Insights {
  readonly #months = new Map<string, Month>()

  /** A declaration, or a kill that was applied. Anything else is none of it. */
  take(facts: Facts): void {
    if (facts.action === 'incident.declared') this.#declared(facts)
    if (facts.action === 'kill') this.#killed(facts)
  }

  /** Newest month first; within it the applications by name, what is of none last. */
  result(): Insight[] {
    return [...this.#months]
      .map(([key, found]) => {
        const [month = '', application = ''] = JSON.parse(key) as string[]
        const { incidents, kills, undone } = found
        return {
          month,
          application: application === '' ? null : application,
          ...{ incidents, kills, undone },
          declaredToKill: spreadOf(found.declaredToKill),
          killToProof: spreadOf(found.killToProof),
          killToRestore: spreadOf(found.killToRestore),
        }
      })
      .sort(inOrder)
  }

  /** It is counted with each application of which it killed a flag; without a kill, with none. */
  #declared({ at, killMs = {} }: Facts): void {
    const kills = Object.entries(killMs)
    if (kills.length === 0) {
      const month = this.#month(at, '')
      month.incidents++
      month.declaredToKill.unknown++
    }
    for (const [application, ms] of kills) {
      const month = this.#month(at, application)
      month.incidents++
      if (ms < 0) month.declaredToKill.before++
      else month.declaredToKill.ms.push(ms)
    }
  }

  #killed(facts: Facts): void {
    const { at, undone, proofMs, restoredMs } = facts
    const month = this.#month(at, applicationsIn(facts)[0] ?? '')
    month.kills++
    if (undone) month.undone++
    take(month.killToProof, proofMs)
    // a slip that was taken back says nothing of how long a flag stays killed
    if (!undone) take(month.killToRestore, restoredMs)
  }

  #month(at: string, application: string): Month {
    const key = JSON.stringify([at.slice(0, 7), application])
    const known = this.#months.get(key) ?? noMonth()
    this.#months.set(key, known)
    return known
  }
}

function take(times: Times, ms: number | undefined): void {
  if (ms === undefined) times.unknown++
  else times.ms.push(ms)
}

function inOrder(one: Insight, other: Insight): number {
  if (one.month !== other.month) return one.month < other.month ? 1 : -1
  if (one.application === null || other.application === null) return one.application === null ? 1 : -1
  return one.application < other.application ? -1 : 1
}

/** `unknown` beside the times; without a time there is no median. */
function spreadOf({ ms, before, unknown }: Times): Spread {
  const sorted = [...ms].sort((a, b) => a - b)
  const counted = { count: sorted.length, unknown, ...(before > 0 ? { before } : {}) }
  if (sorted.length === 0) return counted
  const middle = (sorted.length - 1) / 2
  const medianMs = ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2
  // by nearest rank: a time that there was
  const p90Ms = sorted[Math.ceil(sorted.length * 0.9) - 1] as number
  return { ...counted, minMs: sorted[0] as number, medianMs, p90Ms, maxMs: sorted.at(-1) as number }
}
