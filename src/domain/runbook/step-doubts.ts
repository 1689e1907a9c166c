// What keeps a kill of a runbook step from being done without asking: what the step's words limit it to, or make it depend
// on, or that they are not understood. One sentence for each, the same on every surface.

import type { FlagAction, Step } from '../../wire/runbook.js'

/** `isPlain`: a condition that is understood ("if the error rate stays high"): whoever kills the flag itself has judged it. */
export type Doubt = { kind: 'limit' | 'condition' | 'guess'; detail: string; isPlain?: true }

/** "This kills ai_v1 for everybody; the step says: for tenant 4711 only." */
export const limitDetail = (flag: string, limit: string): string =>
  `This kills ${flag} for everybody; the step says: "${limit}".`

export const conditionDetail = (flag: string, condition: string): string =>
  `The step makes the kill of ${flag} depend: "${condition}".`

const guessDetail = (flag: string): string =>
  `The step's words only suggest a kill of ${flag}: they are not understood for sure.`

/** What there is to ask about before the step kills the flag; none where every word of it is understood. */
export function doubtsOf({ condition, flagActions }: Step, flag: string): Doubt[] {
  const kills = flagActions.filter(action => action.flag === flag && action.direction === 'kill')
  const doubts = kills.flatMap(action => doubtsOfAction(action, condition))
  return doubts.filter(({ detail }, at) => doubts.findIndex(one => one.detail === detail) === at)
}

function doubtsOfAction(
  { flag, limit, condition, confidence }: FlagAction,
  outer: string | undefined,
): Doubt[] {
  const conditions = [outer, condition].filter(text => text !== undefined).join('; ')
  const plain = confidence !== 'low' ? { isPlain: true as const } : {}
  const doubts: Doubt[] = [
    ...(limit === undefined ? [] : [{ kind: 'limit' as const, detail: limitDetail(flag, limit) }]),
    ...(conditions === ''
      ? []
      : [{ kind: 'condition' as const, detail: conditionDetail(flag, conditions), ...plain }]),
  ]
  if (doubts.length > 0 || confidence !== 'low') return doubts
  return [{ kind: 'guess', detail: guessDetail(flag) }]
}
