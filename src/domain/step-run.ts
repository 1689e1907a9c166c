// The rules of a step run: the kills of one runbook step, all or none. Never those of nested steps, never restores.

import type { Actor } from './actor.js'
import { KillswitchError } from './errors.js'
import {
  common,
  killDraft,
  mayKill,
  paperwork,
  type RequestInfo,
  refuse,
  type StepClaim,
  type Verdict,
  withIncidentWarning,
} from './flip.js'
import type { Step } from './runbook.js'
import type { FlagState, State } from './state.js'
import { doubtsOf } from './step-doubts.js'

export type StepRunCommand = {
  actor: Actor
  request: RequestInfo
  claim: StepClaim
  reason?: string
  incident?: string
  /** The flags to kill, chosen from the step's own kill actions. */
  flags: readonly string[]
  /** As on a kill: it was taken provisionally. */
  accepted?: true
}

/** What a run would say of one flag. */
export type RunVerdict = {
  flag: string
  verdict: 'kill' | 'already-held' | 'refused'
  label?: string
  detail?: string
  /** What a run asks about before it kills this flag. */
  asks?: string[]
}

export function decideStepRun(state: State, asked: StepRunCommand, now: number): Verdict {
  // a run that was torn and sent again may name a flag twice, as a branch tells it: each is held once
  const command = withIncidentWarning(state, { ...asked, flags: [...new Set(asked.flags)] })
  const verdicts = judge(state, command)
  const refused = verdicts.filter(each => each.error !== undefined)
  if (refused.length > 0) {
    const code = refused[0]?.error?.code ?? 'forbidden'
    const detail = `The run is all or none, and ${refused.length} of ${verdicts.length} kills is refused: ${refused.map(each => each.error?.message).join(' ')}`
    const error = new KillswitchError(code, detail, {
      verdicts: verdicts.map(({ error, ...verdict }) => ({
        ...verdict,
        ...(error ? { detail: error.message } : {}),
      })),
    })
    return refuse(command, 'step.run', error, now)
  }
  const kills = command.flags.map(key =>
    killDraft(state.flags.get(key) as FlagState, { ...command, flag: key }, now),
  )
  const outcome = kills.some(kill => kill.outcome === 'applied') ? 'applied' : 'unchanged'
  return {
    drafts: [
      { ...common(command, 'step.run', now), outcome, flags: [...command.flags], ...paperwork(command) },
      ...kills,
    ],
  }
}

function judge(
  state: State,
  { actor, flags, incident, accepted }: StepRunCommand,
): (RunVerdict & { error?: KillswitchError })[] {
  return flags.map(key => {
    const flag = state.flags.get(key)
    if (flag === undefined)
      return {
        flag: key,
        verdict: 'refused',
        error: new KillswitchError('unknown-flag', `There is no flag "${key}".`),
      }
    const error = accepted ? undefined : mayKill(actor, flag)
    const held = flag.holds.some(hold =>
      incident === undefined
        ? hold.incident === undefined && hold.actor === actor.id
        : hold.incident === incident,
    )
    const verdict = error ? 'refused' : held ? 'already-held' : 'kill'
    return { flag: key, verdict, label: flag.definition.killLabel, ...(error ? { error } : {}) }
  })
}

/** What a run of this step would say of each of its kills, without running it. */
export const previewRun = (state: State, step: Step, command: StepRunCommand): RunVerdict[] =>
  judge(state, command).map(({ error, ...verdict }) => {
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
