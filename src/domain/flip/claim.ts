// A flip claims to come from a runbook step; here the claim is checked against the real runbook. What does not hold is
// told, with near matches: a kill is taken all the same, a restore or a run is refused.

import type { StepReference, Warning } from '../../wire/hold.js'
import type { StepChoice } from '../../wire/problem.js'
import type { Runbook, Step } from '../../wire/runbook.js'
import { byCall, KillswitchError } from '../errors.js'
import { findStep } from '../runbook/runbook.js'
import { doubtsOf } from '../runbook/step-doubts.js'
import type { StepClaim } from './flip.js'

/** The claim as the entry will keep it, and the step where one was found. */
export type Claimed = StepClaim & {
  found?: { runbook: Runbook; step: Step }
  /** Those that the first warning's `near` names. */
  candidates?: StepChoice[]
}

/** Checks a claimed step. Never throws: what is wrong is in `warnings`. */
export function claimStep(
  runbooks: readonly Runbook[],
  name: string | undefined,
  flag: string | undefined,
  direction: 'kill' | 'restore',
): Claimed {
  if (name === undefined) return unlinked(flag, runbooks, direction)
  const found = findStep(runbooks, name)
  if (found.outcome === 'unknown') {
    const warning = {
      code: 'unknown-step' as const,
      detail:
        runbooks.length === 1
          ? `The runbook "${runbooks[0]?.id}" has no step "${name}".`
          : `No runbook has a step "${name}".`,
      near: names(found.nearest),
    }
    return { step: { id: name }, offRunbook: true, warnings: [warning], candidates: choices(found.nearest) }
  }
  if (found.outcome === 'ambiguous') {
    const warning = {
      code: 'ambiguous-step' as const,
      detail: `"${name}" names more than one step: give one of those.`,
      near: names(found.candidates),
    }
    return {
      step: { id: name },
      offRunbook: true,
      warnings: [warning],
      candidates: choices(found.candidates),
    }
  }
  const { runbook, step } = found
  const acting = flag === undefined ? [] : stepsFor(runbooks, flag, direction)
  const mismatch = flag === undefined ? undefined : mismatchOf(step, flag, direction, acting)
  return {
    runbook: { id: runbook.id, digest: runbook.digest },
    step: referTo(step),
    offRunbook: mismatch !== undefined,
    warnings: mismatch === undefined ? doubtful(step, flag, direction) : [mismatch],
    found: { runbook, step },
    ...(mismatch === undefined ? {} : { candidates: choices(acting) }),
  }
}

const CODES = { limit: 'step-limited', condition: 'step-conditional', guess: 'step-unsure' } as const

/** What the step says besides is told with a kill that names it, and neither refuses nor delays one. A plain condition is not. */
function doubtful(step: Step, flag: string | undefined, direction: 'kill' | 'restore'): Warning[] {
  if (flag === undefined || direction !== 'kill') return []
  const doubts = doubtsOf(step, flag).filter(({ isPlain }) => !isPlain)
  return [...doubts.map(({ kind, detail }) => ({ code: CODES[kind], detail })), ...dangersOf(step)]
}

/** What a command of the step would wipe is told with each kill that comes from it. */
export const dangersOf = ({ dangers = [] }: Step): Warning[] =>
  dangers.map(({ message, line }) => ({ code: 'destructive-command', detail: `Line ${line}: ${message}.` }))

/** The same for a restore or a run, which are strict: throws instead of warning. A restore may go without a step. */
export function strictly(claimed: Claimed, name: string | undefined): Claimed {
  if (name === undefined) return { ...claimed, offRunbook: false }
  const warning = claimed.warnings[0]
  if (warning === undefined) return claimed
  const code = warning.code === 'runbooks-unavailable' ? 'unknown-step' : warning.code
  throw new KillswitchError(code as 'unknown-step', warning.detail, {
    step: name,
    near: warning.near ?? [],
    candidates: claimed.candidates ?? [],
    wayOut: [byCall({ method: 'GET', path: '/v1/steps' }, 'lists the steps')],
  })
}

const referTo = ({ id, code, text, line }: Step): StepReference => ({ id, code, text, line })
const MOST_NEAR = 5
const names = (steps: readonly Step[]): string[] => steps.slice(0, MOST_NEAR).map(step => step.id)
const choices = (steps: readonly Step[]): StepChoice[] =>
  steps.slice(0, MOST_NEAR).map(({ id, code, text }) => ({ step: id, code, text }))
const actsOn = (step: Step, flag: string, direction: 'kill' | 'restore'): boolean =>
  step.flagActions.some(action => action.flag === flag && action.direction === direction)

/** A kill must come from a step that kills this flag; a restore from one that restores it, or that has nothing to do with flags. */
function mismatchOf(
  step: Step,
  flag: string,
  direction: 'kill' | 'restore',
  near: readonly Step[],
): Warning | undefined {
  if (actsOn(step, flag, direction)) return undefined
  const isAboutFlag = step.flagActions.length > 0 || step.named?.includes(flag)
  if (direction === 'restore' && !isAboutFlag) return undefined
  const verb = direction === 'kill' ? 'kills' : 'restores'
  return {
    code: 'step-mismatch',
    detail: `${step.id} is a step, and it ${does(step, flag)}: nothing in it ${verb} ${flag}.`,
    near: names(near),
  }
}

function does(step: Step, flag: string): string {
  const [first] = step.flagActions
  if (first === undefined)
    return step.named?.includes(flag) ? `names ${flag} and flips nothing` : 'acts on no flag'
  const own = step.flagActions.find(action => action.flag === flag) ?? first
  return `acts on ${own.flag} (${own.direction})`
}

const stepsFor = (runbooks: readonly Runbook[], flag: string, direction: 'kill' | 'restore'): Step[] =>
  runbooks.flatMap(runbook => runbook.steps.filter(step => actsOn(step, flag, direction)))

function unlinked(
  flag: string | undefined,
  runbooks: readonly Runbook[],
  direction: 'kill' | 'restore',
): Claimed {
  const near = flag === undefined ? [] : names(stepsFor(runbooks, flag, direction))
  if (direction === 'restore' && near.length === 0) return { offRunbook: true, warnings: [] }
  const detail =
    direction === 'kill'
      ? 'No runbook step was named; the flip is taken as off the runbook.'
      : `A runbook has a step that restores ${flag}, and none was named.`
  return { offRunbook: true, warnings: [{ code: 'no-step', detail, ...(near.length > 0 ? { near } : {}) }] }
}
