// Signs the tree as it is, and nothing that does not extend what was signed here before. A checkpoint is on this disk before
// anybody is shown it; the next start holds the journal against the last one. Whoever has this disk can take that away too:
// against them stand the apps and the witnesses, which remember for themselves.

import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../domain/clock.js'
import { by, KillswitchError } from '../../domain/errors.js'
import type { Head } from '../../domain/log/audit.js'
import { type Checkpoint, isAbandoned, parseCheckpoint, signCheckpoint } from '../../domain/log/checkpoint.js'
import { parseVerifierKey, type Verifier, verifierKey, verifyNote } from '../../domain/log/note.js'
import type { LastSigned, Note } from './last-signed.js'
import type { Tree, TreeHead } from './tree.js'

type Making = {
  tree: Tree
  key: () => KeyObject
  origin: () => string | undefined
  kept: LastSigned
  clock: Clock
  /** Whether the log is known to its end: an instance that follows behind would show a log that shrank. */
  isCurrent: () => boolean
  /** The disk has no room but for kills. */
  isFull: () => boolean
  /** Called when nothing is signed any more, and why. */
  onRefused: (why: string) => void
}

/** A log that does not grow is signed again, so that its checkpoint says how lately somebody stood behind it. */
const AGAIN_MS = 300_000

/** How often a heartbeat may have one made: each is a sync of the disk that kills are synced to. */
const SHOWN_EVERY_MS = 1_000

export class Signing {
  /** Why nothing is signed; undefined while the log extends what was signed before. */
  refused: string | undefined
  readonly #making: Making
  #last: Note | undefined
  /** Of the last one: when it was signed here, and that this tree was seen to extend it. */
  #signedAt: number | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #isRenewing = false
  #renewedAt = Number.NEGATIVE_INFINITY
  /** The newest tree could not be signed: what was before would be taken for a log that shrank. */
  #isFailing = false

  constructor(making: Making) {
    this.#making = making
    const { found, file } = making.kept
    if (found === 'unreadable') this.#refuse(`${file} holds no checkpoint, and it should hold the last one`)
    else this.#last = found
  }

  /** The last one that this tree extends, at once; a newer one is made in the background. */
  shown(tree: TreeHead): string | undefined {
    if (!this.#isNow(tree)) void this.#renew(tree)
    const last = this.#signedAt === undefined ? undefined : this.#last
    if (last === undefined || this.refused !== undefined) return undefined
    const { checkpoint, text } = last
    const isLeft = isAbandoned(checkpoint.head as Head, { origin: '', ...tree })
    const isNewest = checkpoint.head?.hash === tree.head.hash
    return isLeft || checkpoint.size > tree.size || (this.#isFailing && !isNewest) ? undefined : text
  }

  /**
   * The checkpoint of this very tree. Undefined where the log has left its branch since. Throws `not-extended`, and
   * `journal-broken` where it cannot be kept.
   */
  of(tree: TreeHead): Promise<string | undefined> {
    const made = this.#turn.then(() => this.#make(tree))
    this.#turn = made.catch(() => undefined)
    return made
  }

  async #renew(tree: TreeHead): Promise<void> {
    const now = this.#making.clock()
    if (this.#isRenewing || Math.abs(now - this.#renewedAt) < SHOWN_EVERY_MS) return
    this.#isRenewing = true
    this.#renewedAt = now
    // what is wrong is said by `refused`, and by the disk's own condition
    this.#isFailing = await this.of(tree).then(
      () => false,
      () => true,
    )
    this.#isRenewing = false
  }

  #isNow({ head }: TreeHead): boolean {
    const { checkpoint } = this.#last ?? {}
    if (this.#signedAt === undefined || checkpoint?.head?.hash !== head.hash) return false
    return Math.abs(this.#making.clock() - this.#signedAt) < AGAIN_MS
  }

  async #make(tree: TreeHead): Promise<string | undefined> {
    const { clock, key, origin: originOf } = this.#making
    if (this.#isNow(tree)) return this.#last?.text
    const last = this.#signedAt === undefined ? undefined : this.#last?.checkpoint
    if (last && isAbandoned(tree.head, last)) return undefined
    const origin = originOf() as string
    const signedAt = clock()
    const time = new Date(signedAt).toISOString()
    const text = signCheckpoint({ origin, time, ...tree }, key())
    // a proof that was made while the log grew: the tree is one that this log has had
    if (last && last.size > tree.size && !isAbandoned(last.head as Head, { origin, ...tree })) return text
    await this.#assertExtended({ origin, ...tree })
    if (this.#signedAt === undefined && this.#isOwn(origin)) {
      this.#signedAt = Date.parse(this.#last?.checkpoint.time ?? '') || undefined
      if (this.#isNow(tree)) return this.#last?.text
    }
    return this.#keep(text, signedAt)
  }

  /** What an earlier process signed with this key is shown again while it is young enough. */
  #isOwn(origin: string): boolean {
    const verifier = parseVerifierKey(verifierKey(origin, this.#making.key()))
    return this.#last !== undefined && verifyNote(this.#last.note, verifier as Verifier) === 'verified'
  }

  async #keep(text: string, signedAt: number): Promise<string> {
    const { kept, isFull } = this.#making
    try {
      if (isFull()) throw new Error('its last room is for kills')
      await kept.save(text)
    } catch (error) {
      const last = this.#signedAt === undefined ? undefined : this.#last
      const isOfThis = last?.checkpoint.head?.hash === parseCheckpoint(text)?.checkpoint.head?.hash
      // the same tree, and an earlier hour
      if (last !== undefined && isOfThis) return last.text
      throw new KillswitchError(
        'journal-broken',
        `The checkpoint cannot be kept on this disk, and none is shown that is not kept: ${(error as Error).message}.`,
        { cause: (error as NodeJS.ErrnoException).code ?? 'disk-full' },
      )
    }
    this.#last = { ...(parseCheckpoint(text) as Note), text }
    this.#signedAt = signedAt
    this.#isFailing = false
    return text
  }

  /** Throws `not-extended`. */
  async #assertExtended(now: Checkpoint): Promise<void> {
    const { found } = this.#making.kept
    if (found === 'unreadable') throw this.#notExtended()
    const why = await this.#objection(now)
    if (why === undefined) this.refused = undefined
    else {
      this.#refuse(why)
      throw this.#notExtended()
    }
  }

  /** Why `now` does not go on from what was signed last; undefined where it does, or a left branch explains it. */
  async #objection(now: Checkpoint): Promise<string | undefined> {
    const last = this.#last?.checkpoint
    if (last === undefined) return undefined
    if (last.origin !== now.origin)
      return `it signed the log ${last.origin} before, and this is ${now.origin}`
    if (last.head && isAbandoned(last.head, now)) return undefined
    if (last.size > now.size && !this.#making.isCurrent()) throw behind()
    const found = last.size === 0 ? undefined : await this.#making.tree.consistency(last.size, now.size)
    if (last.size === 0 || found?.root.equals(last.root)) return undefined
    const at = last.head ? ` up to ${last.head.epoch}-${last.head.seq}` : ''
    return last.size > now.size
      ? `it signed ${last.size} entries${at} before, and the log on this disk has ${now.size}`
      : `it signed ${last.size} entries${at} before, and the first ${last.size} of this disk are not those: they were rewritten`
  }

  #refuse(why: string): void {
    const isNew = this.refused !== why
    this.refused = why
    if (isNew) this.#making.onRefused(`Nothing is signed: ${why}. ${this.#wayOut}`)
  }

  get #wayOut(): string {
    return (
      'Compare this log with another copy (killswitch audit verify --against). If it is right, move ' +
      `${this.#making.kept.file} away and start again; whoever remembers the old log will say so all the same.`
    )
  }

  #notExtended(): KillswitchError {
    return new KillswitchError('not-extended', `This instance signs nothing: ${this.refused}.`, {
      wayOut: [by(this.#wayOut)],
    })
  }
}

const behind = (): KillswitchError =>
  new KillswitchError(
    'no-known-state',
    'This instance has not followed the log as far as it has signed it before, and signs nothing until it has.',
  )
