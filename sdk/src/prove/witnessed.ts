// Whether witnesses elsewhere stand behind the log that is shown to this process: so many of them, on a log that what is
// remembered here goes on from, within the last ten minutes. No state and no kill ever waits for that.

import type { Signed } from '../../../src/domain/log/checkpoint.js'
import { WITNESSED_FOR_MS, type Witnesses, witnessedAt } from '../../../src/domain/log/cosignature.js'
import type { Voice } from '../logger.js'
import type { Runtime } from '../runtime.js'
import type { Chain } from './remembered.js'

type Making = { runtime: Runtime; voice: Voice; witnesses: Witnesses | undefined; chain: Chain }

export class Witnessed {
  private readonly making: Making
  private readonly startedAt: number
  /** As of which hour enough of them stood behind it. */
  private at: number | undefined

  constructor(making: Making) {
    this.making = making
    this.startedAt = making.runtime.now()
  }

  /**
   * A checkpoint with cosignatures. True: enough witnesses stand behind it, and it has to be proved still that what is
   * remembered goes on from it.
   */
  see({ checkpoint, note }: Signed): boolean {
    const { witnesses, runtime, chain } = this.making
    const at = witnesses && witnessedAt(note, witnesses, runtime.now())
    if (at === undefined || at <= (this.at ?? 0)) return false
    const { size, root } = checkpoint
    const known = [chain.newest, ...chain.before].filter(each => each !== undefined)
    const isKnown = known.some(each => each.checkpoint.size === size && each.checkpoint.root.equals(root))
    if (isKnown) this.stand(at)
    return !isKnown && size < (chain.newest?.checkpoint.size ?? 0)
  }

  /** It was proved that what is remembered goes on from this one. */
  proved({ note }: Signed): void {
    const { witnesses, runtime } = this.making
    const at = witnesses && witnessedAt(note, witnesses, runtime.now())
    if (at !== undefined) this.stand(at)
  }

  /** Why the log counts as `unwitnessed`; undefined while it does not, or nobody asked for witnesses. */
  get problem(): string | undefined {
    const { witnesses, runtime } = this.making
    if (witnesses === undefined) return undefined
    if (this.at !== undefined && runtime.now() - this.at <= WITNESSED_FOR_MS) return undefined
    const { quorum, cosigners } = witnesses
    return `no checkpoint of the last 10 minutes that ${quorum} of ${cosigners.length} witnesses stand behind was shown`
  }

  /** Said once the witnesses have had their ten minutes. */
  say(): void {
    const { runtime, voice } = this.making
    const { problem } = this
    if (problem === undefined) voice.settled('unwitnessed')
    else if (runtime.now() - this.startedAt > WITNESSED_FOR_MS)
      voice.once('unwitnessed', `unwitnessed: ${problem}`)
  }

  private stand(at: number): void {
    this.at = Math.max(at, this.at ?? 0)
  }
}
