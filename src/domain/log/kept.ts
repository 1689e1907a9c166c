// What a refusal's entry keeps of what was asked: whatever was sent, it stays small, and a token that was pasted is taken out.

import { oneLine } from '../../text/characters.js'
import { FLAG_KEY_MOST } from '../../wire/words.js'
import type { StepClaim } from '../flip/flip.js'
import { withoutTokens } from '../token-form.js'

const MOST_FLAGS = 100
const LONGEST_STEP = 200
const LONGEST_INCIDENT = 64

/** `flags` are those of a run. */
type Asked = {
  flag?: string
  flags?: readonly string[]
  incident?: string
  reason?: string
  claim?: StepClaim
}
type Kept = {
  named: { flag?: string }
  run: { flags?: string[] }
  papers: { claim: StepClaim; incident?: string; reason?: string }
}

export function keptOf({ flag, flags, incident, reason, claim }: Asked, isRun: boolean): Kept {
  return {
    named: flag === undefined ? {} : { flag: keyOf(flag) },
    run: flags === undefined || !isRun ? {} : { flags: flags.slice(0, MOST_FLAGS).map(keyOf) },
    papers: {
      claim: claim === undefined ? { offRunbook: false, warnings: [] } : claimOf(claim),
      ...(incident === undefined ? {} : { incident: withoutTokens(incident).slice(0, LONGEST_INCIDENT) }),
      ...(reason === undefined ? {} : { reason }),
    },
  }
}

const keyOf = (flag: string): string => withoutTokens(flag).slice(0, FLAG_KEY_MOST)

/** A step that was found is the runbook's own text. */
function claimOf(claim: StepClaim): StepClaim {
  const { step } = claim
  if (step === undefined || step.text !== undefined) return claim
  return { ...claim, step: { id: withoutTokens(oneLine(step.id)).slice(0, LONGEST_STEP) } }
}
