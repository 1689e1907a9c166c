// Which flags a step run kills: those of the one step, all or none. Never those of nested steps, never restores.

import { KillswitchError } from './errors.js'
import { judge, type Kill, type KillVerdict } from './kill.js'
import type { Step } from './runbook.js'
import type { State } from './state.js'
import { doubtsOf } from './step-doubts.js'

/** What a run would say of one flag. */
export type RunVerdict = KillVerdict & {
  detail?: string
  /** What a run asks about before it kills this flag. */
  asks?: string[]
}

/** What a run of this step would say of each of its kills, without running it. */
export const previewRun = (
  state: State,
  step: Step,
  kill: Pick<Kill, 'actor' | 'flags' | 'incident'>,
): RunVerdict[] =>
  judge(state, kill).map(({ error, ...verdict }) => {
    const asks = doubtsOf(step, verdict.flag).map(({ detail }) => detail)
    return {
      ...verdict,
      ...(error ? { detail: error.message } : {}),
      ...(asks.length > 0 ? { asks } : {}),
    }
  })

/** The flags the step itself kills, in its order, each once. */
export const killsOf = (step: Step): string[] => [
  ...new Set(step.flagActions.filter(action => action.direction === 'kill').map(action => action.flag)),
]

/** Whether a person must name the flags: a kill that is limited, conditional or only guessed at. */
export const needsChoice = (step: Step): boolean =>
  killsOf(step).some(flag => doubtsOf(step, flag).length > 0)

/** The flags a run is to kill. Throws `nothing-to-run`, `choose-flags` or `step-mismatch`, each with the call to make. */
export function chooseFlags(
  step: Step,
  children: readonly Step[],
  chosen: readonly string[] | undefined,
): string[] {
  const kills = killsOf(step)
  if (kills.length === 0) throw nothingToRun(step, children)
  if (chosen === undefined) {
    if (!needsChoice(step)) return kills
    const doubts = kills.flatMap(flag => doubtsOf(step, flag)).map(({ detail }) => detail)
    throw new KillswitchError('choose-flags', `Name the flags to kill. ${doubts.join(' ')}`, {
      step: step.id,
      call: callFor(step, kills),
    })
  }
  const strange = chosen.filter(flag => !kills.includes(flag))
  if (strange.length === 0) return [...new Set(chosen)]
  throw new KillswitchError(
    'step-mismatch',
    `${step.id} does not kill ${strange.join(', ')}: it kills ${kills.join(', ')}.`,
    { step: step.id, call: callFor(step, kills) },
  )
}

function nothingToRun(step: Step, children: readonly Step[]): KillswitchError {
  const able = children.filter(child => killsOf(child).length > 0)
  const restores = step.flagActions.some(action => action.direction === 'restore')
  const why = restores
    ? `${step.id} restores, and a run never does: POST /v1/flags/:key/restore.`
    : `${step.id} kills no flag.`
  const wayOut = able.length > 0 ? ' Its nested steps do; run one of those.' : ''
  return new KillswitchError('nothing-to-run', why + wayOut, {
    step: step.id,
    children: able.map(child => ({
      step: child.id,
      code: child.code,
      text: child.text,
      call: callFor(child, killsOf(child)),
    })),
  })
}

/** The exact request that would run the step. */
export const callFor = (step: Step, flags: readonly string[]) => ({
  method: 'POST',
  path: '/v1/steps/run',
  body: { step: step.id, ...(needsChoice(step) ? { flags } : {}) },
})
