// Which keys are believed to sign the log: those that were configured, and those that they lead to, as the service proves when
// a checkpoint comes that another key signed. A key that was replaced is believed of no log that has its successor in it.

import type { Signed } from '../../../src/domain/log/checkpoint.js'
import { followKeyChanges, type Trusted, verifiersOf } from '../../../src/domain/log/key-changes.js'
import { type Verifier, verifyNote } from '../../../src/domain/log/note.js'
import type { KeyChanges } from '../follow/snapshot.js'
import type { Runtime } from '../runtime.js'

type Making = {
  runtime: Runtime
  heartbeatMs: number
  first: readonly Verifier[]
  ask: (url: string, stopped: AbortSignal) => Promise<KeyChanges | undefined>
  /** Another key is believed; to be kept. */
  onChange: () => void
}

/** Within so many beats it is asked, so that a fleet does not ask all at once. */
const WITHIN_BEATS = 12

export class Trust {
  /** What led to the newest key; what outlives the process. */
  told: KeyChanges | undefined
  private chains: readonly (readonly Trusted[])[]
  private cancel: (() => void) | undefined
  private stopping = new AbortController()
  /** The service was asked, and nothing led to whoever signs what it shows. */
  private isInVain = false
  private readonly making: Making

  constructor(making: Making) {
    this.making = making
    this.chains = making.first.map(verifier => [{ verifier }])
  }

  /** What an earlier process was told: it proves itself. */
  begin(told: KeyChanges | undefined): void {
    if (told !== undefined) this.follow(told)
  }

  /** `asked`: it is not known yet. */
  judge({ checkpoint, note }: Signed, url?: string): 'verified' | 'forged' | 'unknown-key' | 'asked' {
    const believed = this.chains.flatMap(chain => verifiersOf(chain, checkpoint.size))
    const found = believed.map(verifier => verifyNote(note, verifier)).find(each => each !== 'unknown-key')
    if (found !== undefined || url === undefined) return found ?? 'unknown-key'
    const before = this.isInVain
    this.soon(url)
    return before ? 'unknown-key' : 'asked'
  }

  stop(): void {
    this.stopping.abort()
    this.stopping = new AbortController()
    this.cancel?.()
    this.cancel = undefined
  }

  private soon(url: string): void {
    if (this.cancel !== undefined) return
    const { runtime, heartbeatMs } = this.making
    this.cancel = runtime.later(runtime.random() * WITHIN_BEATS * heartbeatMs, () => void this.ask(url))
  }

  private async ask(url: string): Promise<void> {
    const { signal } = this.stopping
    const told = await this.making.ask(url, signal)
    if (signal.aborted) return
    this.cancel = undefined
    this.isInVain = told === undefined || !this.follow(told)
    if (!this.isInVain) this.making.onChange()
  }

  /** Whether it leads further than what was believed: nothing that was goes away. */
  private follow(told: KeyChanges): boolean {
    let isFurther = false
    this.chains = this.chains.map(chain => {
      const [first] = chain as [Trusted]
      const followed = followKeyChanges(first.verifier, told)
      const isMore = followed.length > chain.length && chain.every((each, at) => isSame(each, followed[at]))
      isFurther ||= isMore
      return isMore ? followed : chain
    })
    if (isFurther) this.told = told
    return isFurther
  }
}

const isSame = ({ verifier, until }: Trusted, other: Trusted | undefined): boolean =>
  other?.verifier.id === verifier.id && (until === undefined || until === other.until)
