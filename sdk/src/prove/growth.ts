// Asks the service to prove that a larger log goes on from one that is remembered: in the background, one question at a time,
// at a random moment so that a fleet does not ask all at once. Says what the answer is worth, and remembers nothing.

import type { Signed } from '../../../src/domain/log/checkpoint.js'
import { verifyConsistency } from '../../../src/domain/log/merkle.js'
import type { Growth } from '../follow/transport.js'
import type { Runtime } from '../runtime.js'
import type { Remembered } from './remembered.js'

/** The larger log that is in question. `base`: what it has to go on from. */
export type Question = {
  base: Remembered
  shown: Remembered
  url: string
  /** `base` is what witnesses elsewhere stand behind, and `shown` what is remembered. */
  cosigned?: Signed
}

/**
 * `wrong`: what was given proves nothing of the kind. `newer`: the checkpoint that came with it, which may say why. `refused`:
 * a service that shows the larger log does not prove it. `older`: it cannot, being from before there were proofs.
 */
export type Answer = { what: 'proved' } | { what: 'wrong'; newer: string } | NoProof
export type NoProof = { what: 'refused' | 'older' | 'silent'; reason: string }

type Making = {
  runtime: Runtime
  heartbeatMs: number
  ask: (url: string, from: number, to: number, stopped: AbortSignal) => Promise<Growth>
  answered: (question: Question, answer: Answer) => void
}

/** Within so many beats of the service a question is asked. */
const WITHIN_BEATS = 12

export class Asking {
  private readonly making: Making
  private cancel: (() => void) | undefined
  private stopping = new AbortController()

  constructor(making: Making) {
    this.making = making
  }

  /** Asked soon, unless another one is under way: then whoever asks comes again with the next beat. */
  soon(question: Question): void {
    if (this.cancel !== undefined) return
    const { runtime, heartbeatMs } = this.making
    const waitMs = runtime.random() * WITHIN_BEATS * heartbeatMs
    this.cancel = runtime.later(waitMs, () => void this.ask(question))
  }

  /** Nothing is asked any more, and what is under way is not answered. */
  stop(): void {
    this.stopping.abort()
    this.stopping = new AbortController()
    this.cancel?.()
    this.cancel = undefined
  }

  private async ask(question: Question): Promise<void> {
    const { base, shown, url } = question
    const { signal } = this.stopping
    const growth = await this.making.ask(url, base.checkpoint.size, shown.checkpoint.size, signal)
    if (signal.aborted) return
    this.cancel = undefined
    this.making.answered(question, judged(question, growth))
  }
}

function judged({ base, shown }: Question, growth: Growth): Answer {
  if (growth.outcome === 'failed') return { what: 'silent', reason: growth.reason }
  if (growth.outcome === 'refused') {
    // a checkpoint with its time is of a service that proves
    const isOlder = growth.code === 'unknown-route' && shown.checkpoint.time === undefined
    return { what: isOlder ? 'older' : 'refused', reason: growth.code }
  }
  const [first, second] = [base.checkpoint, shown.checkpoint]
  const isProved = verifyConsistency({
    first: first.size,
    second: second.size,
    firstRoot: first.root,
    secondRoot: second.root,
    proof: growth.proof.map(hash => Buffer.from(hash, 'hex')),
  })
  return isProved ? { what: 'proved' } : { what: 'wrong', newer: growth.checkpoint }
}
