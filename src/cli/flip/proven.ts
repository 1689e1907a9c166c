// When a flip is proved, for the exit code: never because nothing is said of it.

import type { Convergence } from '../../wire/convergence.js'
import type { Flip, FlipStatus } from '../../wire/flip.js'
import type { Action } from '../../wire/words.js'

/** What speaks of an application, which then is to show it. */
const FLIPS: readonly Action[] = ['kill', 'restore', 'step.run', 'drill']

export const isProven = (convergence: readonly Convergence[] = []): boolean =>
  convergence.length > 0 && convergence.every(each => each.status === 'confirmed')

export const isPending = (convergence: readonly Convergence[] = []): boolean =>
  convergence.some(each => each.status === 'pending')

/** The log has it confirmed, of a run each of its flips: it stays so, whatever runs later. */
export function isProvenInLog({ flip, flips, proof = [] }: FlipStatus): boolean {
  const found: readonly Flip[] = flips ?? (flip === undefined ? [] : [flip])
  return (
    found.length > 0 &&
    found.every(({ flag }) => proof.some(each => each.flag === flag && each.status === 'confirmed'))
  )
}

/** Of what became of a flip: the log decides, and where it does not say that it is confirmed, what is known now. */
export function isStatusProven(status: FlipStatus): boolean {
  const { state, flip, convergence } = status
  const isDone = state === 'applied' || state === 'unchanged'
  if (isDone && flip !== undefined && !FLIPS.includes(flip.action)) return true
  return isProvenInLog(status) || isProven(convergence)
}
