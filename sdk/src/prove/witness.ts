// Remembers the newest checkpoint of the log that was proved to go on from the one before, and notices when the log
// contradicts it: it was cut, rewritten, or shown differently to others. Needs no key for that; with one, believes only what
// the log signed. Nothing here is on the way of an evaluation.

import { contradiction, leftAt, parseCheckpoint, type Signed } from '../../../src/domain/log/checkpoint.js'
import type { Witnesses } from '../../../src/domain/log/cosignature.js'
import { parseVerifierKey } from '../../../src/domain/log/note.js'
import type { KeyChanges } from '../follow/snapshot.js'
import type { Growth } from '../follow/transport.js'
import type { Cached } from '../keep/cache.js'
import type { Voice } from '../logger.js'
import type { Runtime } from '../runtime.js'
import { type Answer, Asking, type NoProof, type Question } from './growth.js'
import { Chain, isSame, proofOf, type Remembered } from './remembered.js'
import { Trust } from './trust.js'
import { Witnessed } from './witnessed.js'

type Making = {
  runtime: Runtime
  heartbeatMs: number
  voice: Voice
  /** What checkpoints are verified with: `<name>+<id>+<key>`. */
  logKey: string | undefined
  /** Who has to stand behind the log. */
  witnesses: Witnesses | undefined
  /** Asks the service to prove that a log of `to` entries goes on from one of `from`. Never rejects. */
  ask: (url: string, from: number, to: number, stopped: AbortSignal) => Promise<Growth>
  /** Asks the service which keys have signed the log. Never rejects. */
  askKeys: (url: string, stopped: AbortSignal) => Promise<KeyChanges | undefined>
  /** Something is to be kept and told: a fork, or a branch that was left. */
  onNews: () => void
}

/** An instance may follow the log a moment behind: a smaller tree counts once it was shown for so many beats. */
const BEATS_BEHIND = 0.9
/** So many questions in a row without a proof are no chance: not another instance that is older, or a moment behind. */
const TRIES = 10

export class Witness {
  /** What contradicts what is remembered. From then on nothing else of that log is remembered: it is the evidence. */
  fork: string | undefined
  /** The last branch that the log left behind what is remembered, and what of it is proved. */
  branchLeft: string | undefined
  private readonly chain = new Chain()
  private readonly witnessed: Witnessed
  /** A log that is shown and not proved yet, and where. */
  private shown: (Remembered & { url: string }) | undefined
  /** Questions in a row that were refused, and that nobody answered. */
  private refusals = 0
  private silences = 0
  /** The service is from before there were proofs: of what it shows the largest is compared with what comes. */
  private isUnprovable = false
  /** Since when live instances have shown a smaller tree. */
  private smallerSince: number | undefined
  private readonly asking: Asking
  /** Undefined where no key was given. */
  private readonly trust: Trust | undefined
  private readonly making: Making

  constructor(making: Making) {
    this.making = making
    const { runtime, heartbeatMs, ask, logKey, voice, witnesses } = making
    this.witnessed = new Witnessed({ runtime, voice, witnesses, chain: this.chain })
    const first = logKey?.split(',').flatMap(key => parseVerifierKey(key) ?? [])
    const [askKeys, onChange] = [making.askKeys, making.onNews]
    this.trust = first && new Trust({ runtime, heartbeatMs, first, ask: askKeys, onChange })
    const answered = (question: Question, answer: Answer) => this.onAnswer(question, answer)
    this.asking = new Asking({ runtime, heartbeatMs, ask, answered })
  }

  /** The newest note that was proved; what outlives the process, with those before it. */
  get note(): string | undefined {
    return this.chain.newest?.note
  }

  /** What led to the key that signs, where another one was configured. */
  get keyChanges(): KeyChanges | undefined {
    return this.trust?.told
  }

  get notesBefore(): string[] {
    return this.chain.before.map(({ note }) => note)
  }

  /** Why too few witnesses stand behind the log; undefined while enough do, or nobody asked for them. */
  get unwitnessed(): string | undefined {
    return this.witnessed.problem
  }

  /** What an earlier process remembered. */
  begin({ checkpoint, checkpointsBefore = [], keyChanges }: Partial<Cached> = {}): void {
    this.trust?.begin(keyChanges)
    const read = (text: string) => this.read(text) ?? []
    this.chain.begin(
      checkpoint === undefined ? undefined : this.read(checkpoint),
      checkpointsBefore.flatMap(read),
    )
  }

  /** Nothing is asked any more; what is shown next is in question again. */
  stop(): void {
    this.asking.stop()
    this.trust?.stop()
    this.shown = undefined
  }

  /** The checkpoint of a heartbeat, and the address it came from. `live`: its instance follows the log. */
  see(note: string, live: boolean, url: string): void {
    if (note === this.note) this.smallerSince = undefined
    const seen = note === this.note || note === this.shown?.note ? undefined : this.read(note, url)
    if (seen !== undefined) this.judge(seen, live, url)
    this.question()
    this.witnessed.say()
  }

  /** A checkpoint with the cosignatures of witnesses, which what is remembered has to go on from. */
  seeCosigned(note: string, url: string): void {
    const read = this.read(note)
    const signed = read && parseCheckpoint(note)
    const shown = this.chain.newest
    if (signed && shown && this.witnessed.see(signed) && this.fork === undefined)
      this.asking.soon({ base: read, shown, url, cosigned: signed })
  }

  private judge(seen: Remembered, live: boolean, url: string): void {
    const known = this.chain.newest?.checkpoint
    const { checkpoint } = seen
    if (known === undefined || known.size === 0 || known.origin !== checkpoint.origin) this.begins(seen)
    else if (isSame(known, checkpoint)) this.remember(seen)
    else if (leftAt(known, checkpoint)) this.doubt(seen, url)
    else if (checkpoint.size < known.size || leftAt(checkpoint, known)) {
      // an instance that has not followed the log to its end, or onto its new branch yet
      if (live && this.isSmallerForLong()) this.report(contradiction(known, checkpoint) ?? OLD_BRANCH, seen)
    } else {
      const wrong = contradiction(known, checkpoint)
      if (wrong === undefined) this.doubt(seen, url)
      else this.report(wrong, seen)
    }
  }

  /** The first of a log, of which there is nothing to prove. */
  private begins(seen: Remembered): void {
    this.fork = undefined
    this.shown = undefined
    this.remember(seen)
  }

  /** A larger log, or one on another branch. What is in question already stays so until it is answered. */
  private doubt(seen: Remembered, url: string): void {
    this.smallerSince = undefined
    const { shown } = this
    if (shown === undefined) this.shown = { ...seen, url }
    else if (leftAt(shown.checkpoint, seen.checkpoint)) {
      this.tellBranch(shown, seen, undefined)
      this.shown = { ...seen, url }
    } else if (seen.checkpoint.size === shown.checkpoint.size) {
      const wrong = contradiction(shown.checkpoint, seen.checkpoint)
      if (wrong !== undefined) this.report(wrong, seen, shown)
    } else if (this.isUnprovable && seen.checkpoint.size > shown.checkpoint.size)
      this.shown = { ...seen, url }
  }

  private question(): void {
    const { shown } = this
    if (shown === undefined || this.fork !== undefined) return
    const base = this.chain.baseOf(shown.checkpoint)
    if (base === undefined) this.settle(shown, undefined)
    else this.asking.soon({ base, shown, url: shown.url })
  }

  private onAnswer({ base, shown, cosigned }: Question, answer: Answer): void {
    if (cosigned !== undefined) this.onCosigned(cosigned, base, shown, answer)
    else if (this.shown === shown && this.fork === undefined) {
      if (answer.what === 'proved') this.settle(this.shown, base)
      else if (answer.what === 'wrong') this.onWrong(base, shown, answer.newer)
      else this.onNoProof(base, shown, answer)
    }
  }

  private onCosigned(cosigned: Signed, base: Remembered, shown: Remembered, answer: Answer): void {
    if (answer.what === 'proved') this.witnessed.proved(cosigned)
    if (answer.what !== 'wrong') return
    // a log that has left a branch since is another one, of which the witnesses say nothing yet
    const now = this.read(answer.newer)?.checkpoint
    const isLeft = now && (leftAt(shown.checkpoint, now) ?? leftAt(base.checkpoint, now))
    if (isLeft || this.chain.newest !== shown) return
    const [from, to] = [base.checkpoint.size, shown.checkpoint.size]
    const wrong = `the ${to} entries that are shown here do not begin with the ${from} that witnesses signed`
    this.report(wrong, shown, base)
  }

  /** No proof of what is shown, unless the log left that branch since it was shown. */
  private onWrong(base: Remembered, shown: Remembered, newer: string): void {
    const now = this.read(newer)
    if (now && this.shown && leftAt(shown.checkpoint, now.checkpoint)) {
      this.tellBranch(shown, now, undefined)
      this.shown = { ...now, url: this.shown.url }
      this.question()
    } else {
      const [from, to] = [base.checkpoint.size, shown.checkpoint.size]
      this.report(`what is shown as ${to} entries does not begin with the ${from} that were`, shown, base)
    }
  }

  private onNoProof(base: Remembered, shown: Remembered, { what, reason }: NoProof): void {
    const [from, to] = [base.checkpoint.size, shown.checkpoint.size]
    this.isUnprovable = what === 'older'
    this.refusals = what === 'refused' ? this.refusals + 1 : 0
    this.silences++
    if (this.refusals >= TRIES)
      this.report(
        `${to} entries are shown, and it is not proved that they begin with the ${from} that were (${reason})`,
        shown,
        base,
      )
    else if (this.isUnprovable)
      this.making.voice.once(
        'unproven',
        'unproven: the service is older than this SDK, and cannot prove that its log only grew: nothing newer is remembered',
      )
    else if (this.silences >= TRIES)
      this.making.voice.once(
        'unproven',
        `unproven: that the log of ${to} entries begins with the ${from} that were shown before (${reason}). It is asked again`,
      )
  }

  /** What is shown is held against `base`, and remembered. */
  private settle(shown: Remembered, base: Remembered | undefined): void {
    const { newest } = this.chain
    this.shown = undefined
    this.refusals = 0
    this.silences = 0
    this.isUnprovable = false
    this.making.voice.settled('unproven')
    if (newest && leftAt(newest.checkpoint, shown.checkpoint)) this.tellBranch(newest, shown, base)
    this.remember(shown)
  }

  private remember({ checkpoint, note }: Remembered): void {
    this.smallerSince = undefined
    if (this.fork === undefined) this.chain.take({ checkpoint, note })
  }

  private isSmallerForLong(): boolean {
    const now = this.making.runtime.now()
    this.smallerSince ??= now
    return now - this.smallerSince >= this.making.heartbeatMs * BEATS_BEHIND
  }

  private report(wrong: string, seen: Remembered, known = this.chain.newest): void {
    if (this.fork !== undefined) return
    this.fork = wrong
    this.shown = undefined
    const log = known?.checkpoint.origin
    this.making.voice.warn(`fork: the log ${log} is not the one it was: ${wrong}. ${proofOf(known, seen)}`)
    this.making.onNews()
  }

  /** `base`: what was proved to be held still; undefined where nothing was. */
  private tellBranch(known: Remembered, seen: Remembered, base: Remembered | undefined): void {
    const opening = leftAt(known.checkpoint, seen.checkpoint)
    if (opening === undefined) return
    const { after, epoch } = opening
    const { head, origin, size } = known.checkpoint
    const held = base
      ? `Proved: its first ${base.checkpoint.size} entries are those that were shown before. Not proved: anything after them`
      : 'Of what is before that entry nothing is proved here'
    const what = `epoch ${epoch} was opened after entry ${after.epoch}-${after.seq}`
    this.branchLeft = `${what}, and ${size} entries up to ${head?.epoch}-${head?.seq} had been shown. ${held}.`
    const so =
      'What it held after that entry is in this log no more: a failover, or somebody who made it look like one'
    this.making.voice.warn(
      `branch-left: the log ${origin} left a branch: ${this.branchLeft} ${so}. ${proofOf(known, seen)}`,
    )
    this.making.onNews()
  }

  private read(note: string, url?: string): Remembered | undefined {
    const found = parseCheckpoint(note)
    const verdict = found && this.trust?.judge(found, url)
    if (found && (verdict === undefined || verdict === 'verified'))
      return { checkpoint: found.checkpoint, note }
    if (verdict === 'asked') return undefined
    const why =
      verdict === undefined ? 'is none' : verdict === 'forged' ? 'is forged' : 'is not signed by logKey'
    this.making.voice.once('checkpoint', `a checkpoint of the log ${why}, and is not remembered`)
    return undefined
  }
}

const OLD_BRANCH = 'it is shown again on a branch that it had left'
