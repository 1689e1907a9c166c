// Which flags a step run kills: those of the one step, all or none. Never those of nested steps, never restores.

import type { RunVerdict, Step, StepRunCall } from '../../wire/runbook.js'
import type { Way } from '../../wire/way.js'
import { by, byCall, KillswitchError } from '../errors.js'
import { judge, type Kill } from '../flip/kill.js'
import type { State } from '../state.js'
import { doubtsOf } from './step-doubts.js'

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

/** What a run was asked for besides its step: the call that is suggested instead has it too. */
type Asked = { flags?: readonly string[]; incident?: string; reason?: string }

/** The flags a run is to kill. Throws `nothing-to-run`, `choose-flags` or `step-mismatch`, each with the call to make. */
export function chooseFlags(step: Step, children: readonly Step[], asked: Asked): string[] {
  const { flags: chosen, ...papers } = asked
  const kills = killsOf(step)
  if (kills.length === 0) throw nothingToRun(step, children, papers)
  if (chosen === undefined) {
    if (!needsChoice(step)) return kills
    const doubts = kills.flatMap(flag => doubtsOf(step, flag)).map(({ detail }) => detail)
    throw new KillswitchError('choose-flags', `Name the flags to kill. ${doubts.join(' ')}`, {
      step: step.id,
      call: callFor(step, kills, papers),
    })
  }
  const strange = chosen.filter(flag => !kills.includes(flag))
  if (strange.length === 0) return [...new Set(chosen)]
  throw new KillswitchError(
    'step-mismatch',
    `${step.id} does not kill ${strange.join(', ')}: it kills ${kills.join(', ')}.`,
    { step: step.id, call: callFor(step, kills, papers) },
  )
}

function nothingToRun(step: Step, children: readonly Step[], papers: Papers): KillswitchError {
  const able = children.filter(child => killsOf(child).length > 0)
  const restores = step.flagActions.filter(({ direction }) => direction === 'restore').map(({ flag }) => flag)
  const why = restores.length > 0 ? 'restores, and a run never does' : 'kills no flag'
  const nested = able.length > 0 ? [by('Its nested steps do; run one of those.')] : []
  return new KillswitchError('nothing-to-run', `${step.id} ${why}.`, {
    step: step.id,
    wayOut: [...[...new Set(restores)].map(restoring), ...nested],
    children: able.map(child => ({
      step: child.id,
      code: child.code,
      text: child.text,
      call: callFor(child, killsOf(child), papers),
    })),
  })
}

const restoring = (flag: string): Way =>
  byCall(
    { method: 'POST', path: '/v1/flags/restore', body: { flag, all: true } },
    'releases every hold on it',
    ['reason'],
  )

type Papers = Pick<Asked, 'incident' | 'reason'>

/** The exact request that would run the step. */
export const callFor = (step: Step, flags: readonly string[], papers: Papers = {}): StepRunCall => ({
  method: 'POST',
  path: '/v1/steps/run',
  body: {
    step: step.id,
    ...(needsChoice(step) ? { flags: [...flags] } : {}),
    ...(papers.incident === undefined ? {} : { incident: papers.incident }),
    ...(papers.reason === undefined ? {} : { reason: papers.reason }),
  },
})
