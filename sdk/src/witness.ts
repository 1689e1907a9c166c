// Remembers the largest checkpoint of the log that any heartbeat carried, and notices when the log contradicts it: it was
// cut, rewritten, or shown differently to others. Needs no key for that; with one, believes only what the log signed.

import { type Checkpoint, contradiction, parseCheckpoint } from '../../src/domain/checkpoint.js'
import { parseVerifierKey, type Verifier, verifyNote } from '../../src/domain/note.js'
import type { Voice } from './logger.js'

type Making = {
  now(): number
  heartbeatMs: number
  voice: Voice
  /** What checkpoints are verified with: `<name>+<id>+<key>`. */
  logKey: string | undefined
  onFork: () => void
}

/** An instance may follow the log a moment behind: a smaller tree counts once it was shown for so many beats. */
const BEATS_BEHIND = 0.9

export class Witness {
  /** The largest note; what outlives the process. */
  note: string | undefined
  /** What contradicts it. From then on nothing else of that log is remembered: it is the evidence. */
  fork: string | undefined
  private known: Checkpoint | undefined
  /** Since when live instances have shown a smaller tree. */
  private smallerSince: number | undefined
  private readonly verifier: Verifier | undefined
  private readonly making: Making

  constructor(making: Making) {
    this.making = making
    this.verifier = making.logKey === undefined ? undefined : parseVerifierKey(making.logKey)
  }

  /** What an earlier process remembered. */
  begin(note: string | undefined): void {
    const found = note === undefined ? undefined : this.read(note)
    if (found) this.remember(found, note as string)
  }

  /** The checkpoint of a heartbeat. `live`: its instance follows the log. */
  see(note: string, live: boolean): void {
    if (note === this.note) this.smallerSince = undefined
    const seen = note === this.note ? undefined : this.read(note)
    if (seen === undefined) return
    const { known } = this
    const wrong = known && contradiction(known, seen)
    if (known === undefined || wrong === undefined) this.remember(seen, note)
    else if (seen.size === known.size || (live && this.isSmallerForLong())) this.report(wrong, note)
  }

  private remember(seen: Checkpoint, note: string): void {
    this.smallerSince = undefined
    if (this.known?.origin !== seen.origin) this.fork = undefined
    if (this.fork !== undefined) return
    this.known = seen
    this.note = note
  }

  private isSmallerForLong(): boolean {
    const now = this.making.now()
    this.smallerSince ??= now
    return now - this.smallerSince >= this.making.heartbeatMs * BEATS_BEHIND
  }

  private report(wrong: string, note: string): void {
    if (this.fork !== undefined) return
    this.fork = wrong
    const proof = `It was signed ${JSON.stringify(this.note)}, and now ${JSON.stringify(note)}`
    this.making.voice.warn(`fork: the log ${this.known?.origin} is not the one it was: ${wrong}. ${proof}`)
    this.making.onFork()
  }

  private read(note: string): Checkpoint | undefined {
    const found = parseCheckpoint(note)
    const verdict = found && this.verifier ? verifyNote(found.note, this.verifier) : undefined
    if (found && (verdict === undefined || verdict === 'verified')) return found.checkpoint
    const why =
      verdict === undefined ? 'is none' : verdict === 'forged' ? 'is forged' : 'is not signed by logKey'
    this.making.voice.once('checkpoint', `a checkpoint of the log ${why}, and is not remembered`)
    return undefined
  }
}
