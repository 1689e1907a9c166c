// What is signed of the log: its length, its root, its last entry and its epochs, and the proofs that go with it. A checkpoint
// is made of what is durable here, and never of less than this instance has signed for the same branch. Two instances with
// the same key and the same log sign the same but for the hour.

import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../domain/clock.js'
import { badInput, by, byCall, KillswitchError } from '../../domain/errors.js'
import { entryId, placeOf } from '../../domain/log/audit.js'
import { originOf, parseCheckpoint } from '../../domain/log/checkpoint.js'
import type { Witnesses } from '../../domain/log/cosignature.js'
import type { LogKeys } from '../../domain/log/log-keys.js'
import { verifierKey } from '../../domain/log/note.js'
import type { ConsistencyProof, CosignaturesKept, InclusionProof } from '../../wire/audit.js'
import type { KnownLog } from '../follow/known-log.js'
import { Cosignatures } from './cosigned.js'
import type { LastSigned } from './last-signed.js'
import { Signing } from './signing.js'
import type { Extension, Tree, TreeHead } from './tree.js'

type Making = {
  log: KnownLog
  tree: Tree
  environment: string
  /** On Redis there may be none. */
  keys: LogKeys
  /** Whether the log is known to its end. */
  isCurrent: () => boolean
  kept: LastSigned
  clock: Clock
  /** Whose cosignatures are kept. */
  witnesses?: Witnesses | undefined
  /** Called when nothing is signed any more, and why. */
  onRefused: (why: string) => void
}

/** Apps of one fleet ask for the same proofs at the same time. */
const MOST_PROOFS = 64

export class Checkpoints {
  readonly #making: Making
  readonly #signer: Signing
  readonly #cosignatures: Cosignatures
  readonly #proofs = new Map<string, Promise<Extension | undefined>>()

  constructor(making: Making) {
    this.#making = making
    const { log } = making
    const key = () => this.#key as KeyObject
    const origin = () => this.#origin
    const isFull = () => log.journal.reserve.isMissing
    this.#cosignatures = new Cosignatures(making.witnesses ?? { quorum: 1, cosigners: [] }, making.clock)
    this.#signer = new Signing({ ...making, key, origin, isFull })
  }

  /** Absent while this instance does not have the key that signs the log. */
  get #signing(): Signing | undefined {
    return this.#key && this.#signer
  }

  /** How many entries the newest tree has; 0 where none is signed. */
  get size(): number {
    if (this.#signing === undefined || this.refused !== undefined) return 0
    return this.#making.tree.head?.size ?? 0
  }

  /** Why nothing is signed any more, though there is a key: the log does not extend what was signed here before. */
  get refused(): string | undefined {
    return this.#signing?.refused
  }

  /** What checkpoints are verified with, in the form of c2sp.org/signed-note; undefined while there is no log or no key. */
  get verifierKey(): string | undefined {
    const key = this.#key
    const origin = this.#origin
    return key && origin && verifierKey(origin, key)
  }

  /**
   * The newest checkpoint that is kept on this disk, at once; a moment behind while the log grows. Undefined where the log is
   * not known to its end, or nothing signs it.
   */
  newest(): string | undefined {
    const { tree, isCurrent } = this.#making
    const head = this.#signing && isCurrent() ? tree.head : undefined
    return head && this.#signing?.shown(head)
  }

  /**
   * The checkpoint of the log as it is now, for whoever can wait for it. Throws `no-log-key`, `not-extended`, and
   * `no-known-state` before the first entry.
   */
  async signed(signal: AbortSignal): Promise<string> {
    const { note } = await this.#signedWith(signal, async () => {
      const { head: tree } = this.#making.tree
      return tree && { tree }
    })
    return this.#cosignatures.with(note)
  }

  /** The newest checkpoint that enough witnesses stand behind, with their cosignatures. */
  get cosigned(): string | undefined {
    return this.#cosignatures.newest
  }

  /** Keeps what witnesses said of a checkpoint. Throws `malformed-request`, and `no-log-key`. */
  keep(cosigned: string): CosignaturesKept {
    if (this.#signing === undefined) throw noKey()
    return this.#cosignatures.keep(cosigned, this.verifierKey)
  }

  /** That an entry is in the log that the checkpoint signs. Throws `unknown-entry`, and what `signed` throws. */
  async proof(place: number, signal: AbortSignal): Promise<InclusionProof> {
    const { found, note } = await this.#signedWith(signal, async () => {
      const inclusion = await this.#making.tree.inclusion(place)
      if (inclusion !== undefined) return inclusion
      throw new KillswitchError('unknown-entry', `The log has no entry ${entryId(place)}.`, {
        wayOut: [byCall({ method: 'GET', path: '/v1/audit?limit=1' }, 'shows the newest')],
      })
    })
    return {
      place,
      index: found.index,
      size: found.tree.size,
      leafHash: found.leaf.toString('hex'),
      proof: found.proof.map(hash => hash.toString('hex')),
      checkpoint: note,
    }
  }

  /**
   * That the log of `to` entries goes on from the log of `from`: nothing of the smaller was changed or taken away. Throws
   * `malformed-request` and `unknown-entry` for sizes that are none, and what `signed` throws.
   */
  async consistency(from: number, to: number | undefined, signal: AbortSignal): Promise<ConsistencyProof> {
    const { found, note } = await this.#signedWith(signal, async () => {
      const size = this.#making.tree.head?.size ?? 0
      const end = to ?? size
      if (end > size || from > size) throw beyond(Math.max(from, end), size)
      if (from > end) throw backwards(from, end)
      const extension = await this.#extension(from, end)
      return extension && { ...extension, end }
    })
    const proof = found.proof.map(hash => hash.toString('hex'))
    return { from, to: found.end, proof, checkpoint: note }
  }

  /** Tells the newest checkpoint now, and again every so often where it has changed. Returns what ends that. */
  tellEvery(ms: number, tell: (note: string, place: number) => void): () => void {
    let told: string | undefined
    const look = () => {
      const note = this.newest()
      if (note === undefined || note === told) return
      told = note
      tell(note, placeOf(parseCheckpoint(note)?.checkpoint.head ?? this.#making.log.head))
    }
    look()
    // the log is not followed yet, in the first moment after a start
    const first = setInterval(() => (told === undefined ? look() : clearInterval(first)), Math.min(ms, 1_000))
    const timers = [first.unref(), setInterval(look, ms).unref()]
    return () => timers.forEach(clearInterval)
  }

  /** The one that signs the log's commits, or would. */
  get #key(): KeyObject | undefined {
    const { keys, log } = this.#making
    const { signing } = log.state
    return (signing === undefined ? keys.first : keys.signer(signing.keyId))?.key
  }

  get #origin(): string | undefined {
    const name = this.#making.log.journal.firstHash
    return name && originOf(this.#making.environment, name)
  }

  /** What `find` gives of the tree as it is, and the checkpoint of that very tree; anew where the log left its branch meanwhile. */
  async #signedWith<T extends { tree: TreeHead }>(
    signal: AbortSignal,
    find: () => Promise<T | undefined>,
  ): Promise<{ found: T; note: string }> {
    const signing = this.#signing
    if (signing === undefined) throw noKey()
    const { tree } = this.#making
    for (;;) {
      await tree.whole(signal)
      if (tree.head === undefined) throw empty()
      const found = await find()
      const note = found && (await signing.of(found.tree))
      if (found !== undefined && note !== undefined) return { found, note }
    }
  }

  #extension(from: number, to: number): Promise<Extension | undefined> {
    const { tree } = this.#making
    const name = `${tree.head?.head.hash} ${from} ${to}`
    const known = this.#proofs.get(name)
    if (known !== undefined) return known
    if (this.#proofs.size >= MOST_PROOFS) this.#proofs.clear()
    const made = tree.consistency(from, to)
    this.#proofs.set(name, made)
    made.catch(() => this.#proofs.delete(name))
    return made
  }
}

const HOW =
  'Make one with `openssl genpkey -algorithm ed25519 -out log.key`, and start each with KILLSWITCH_LOG_KEY_FILE=log.key.'

const empty = (): KillswitchError =>
  new KillswitchError('no-known-state', 'There is no entry in the log yet, so there is nothing to sign.')

const noKey = (): KillswitchError =>
  new KillswitchError(
    'no-log-key',
    'This instance signs no checkpoints: on Redis the key is given to every instance.',
    { wayOut: [by(HOW)] },
  )

const backwards = (from: number, to: number): KillswitchError =>
  badInput(
    { in: 'query', path: 'query.from', problem: `is ${from}, and "to" is ${to}` },
    `A log of ${to} entries cannot go on from one of ${from}.`,
    by('Give as "from" the smaller of the two sizes.'),
  )

const beyond = (asked: number, size: number): KillswitchError =>
  new KillswitchError('unknown-entry', `The log has ${size} entries here, and ${asked} were asked for.`, {
    wayOut: [byCall({ method: 'GET', path: '/v1/audit/checkpoint' }, 'shows how many there are')],
  })
