// Signs what the log is: its length, its root, its last entry and its epochs. A checkpoint is made of what is durable here,
// never of less than this instance has signed for the same branch, and is the same on every instance with the same key.

import type { KeyObject } from 'node:crypto'
import { placeOf } from '../../domain/audit.js'
import { originOf, signCheckpoint } from '../../domain/checkpoint.js'
import { by, byCall, KillswitchError } from '../../domain/errors.js'
import { verifierKey } from '../../domain/note.js'
import type { InclusionProof } from '../../wire/audit.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Tree, TreeHead } from './tree.js'

type Making = {
  log: KnownLog
  tree: Tree
  environment: string
  /** Absent on Redis where none was given. */
  key: KeyObject | undefined
  /** Whether the log is known to its end: an instance that follows behind would show a log that shrank. */
  isCurrent: () => boolean
}

export class Checkpoints {
  readonly #making: Making
  #last: { hash: string; note: string } | undefined

  constructor(making: Making) {
    this.#making = making
  }

  /** How many entries the newest tree has; 0 where none is signed. */
  get size(): number {
    return (this.#making.key && this.#making.tree.head?.size) ?? 0
  }

  /** What checkpoints are verified with, in the form of c2sp.org/signed-note; undefined while there is no log or no key. */
  get verifierKey(): string | undefined {
    const { key } = this.#making
    const origin = this.#origin
    return key && origin && verifierKey(origin, key)
  }

  /** The checkpoint of the log as it is now, at once; undefined where it is not known to its end or nothing signs it. */
  newest(): string | undefined {
    const { tree, key, isCurrent } = this.#making
    const head = key && isCurrent() ? tree.head : undefined
    return head && this.#sign(head)
  }

  /** The same, for whoever can wait for the tree. Throws `no-log-key`, and `no-known-state` before the first entry. */
  async signed(signal: AbortSignal): Promise<string> {
    this.#assertKey()
    const { tree } = this.#making
    await tree.whole(signal)
    const { head } = tree
    if (head === undefined) throw empty()
    return this.#sign(head)
  }

  /** That an entry is in the log that the checkpoint signs. Throws `unknown-entry`. */
  async proof(place: number | undefined, given: string, signal: AbortSignal): Promise<InclusionProof> {
    this.#assertKey()
    const { tree } = this.#making
    await tree.whole(signal)
    const found = place === undefined ? undefined : await tree.inclusion(place)
    if (place === undefined || found === undefined)
      throw new KillswitchError('unknown-entry', `The log has no entry at place "${given}".`, {
        wayOut: [byCall({ method: 'GET', path: '/v1/audit?limit=1' }, 'shows the newest')],
      })
    return {
      place,
      index: found.index,
      size: found.tree.size,
      leafHash: found.leaf.toString('hex'),
      proof: found.proof.map(hash => hash.toString('hex')),
      checkpoint: this.#sign(found.tree),
    }
  }

  /** Tells the newest checkpoint now, and again every so often where it has changed. Returns what ends that. */
  tellEvery(ms: number, tell: (note: string, place: number) => void): () => void {
    let told: string | undefined
    const look = () => {
      const note = this.newest()
      if (note === undefined || note === told) return
      told = note
      tell(note, placeOf(this.#making.log.head))
    }
    look()
    // the log is not followed yet, in the first moment after a start
    const first = setInterval(() => (told === undefined ? look() : clearInterval(first)), Math.min(ms, 1_000))
    const timers = [first.unref(), setInterval(look, ms).unref()]
    return () => timers.forEach(clearInterval)
  }

  get #origin(): string | undefined {
    const name = this.#making.log.journal.firstHash
    return name && originOf(this.#making.environment, name)
  }

  #sign({ head, ...tree }: TreeHead): string {
    const { key } = this.#making
    const origin = this.#origin
    if (key === undefined || origin === undefined) throw empty()
    if (this.#last?.hash !== head.hash)
      this.#last = { hash: head.hash, note: signCheckpoint({ origin, head, ...tree }, key) }
    return this.#last.note
  }

  #assertKey(): void {
    if (this.#making.key !== undefined) return
    throw new KillswitchError(
      'no-log-key',
      'This instance signs no checkpoints: on Redis the key is given to every instance.',
      { wayOut: [by(HOW)] },
    )
  }
}

const HOW =
  'Make one with `openssl genpkey -algorithm ed25519 -out log.key`, and start each with KILLSWITCH_LOG_KEY_FILE=log.key.'

const empty = (): KillswitchError =>
  new KillswitchError('no-known-state', 'There is no entry in the log yet, so there is nothing to sign.')
