// How far lines of the log may be obeyed: up to the last commit whose signature holds. Knows nothing of chains: whoever asks
// has seen that each line follows the one before.

import type { KeyObject } from 'node:crypto'
import { placeOf, type SealedEntry } from '../../domain/log/audit.js'
import type { LogKeys } from '../../domain/log/log-keys.js'
import {
  holds,
  isOfKey,
  isSigned,
  readPublicKey,
  type Signing,
  signatureOf,
  signingAfter,
} from '../../domain/log/signature.js'

/** The state of a log as far as it is obeyed. */
export type Obeyed = { signing?: Signing; log: string | undefined }

/**
 * `obeyed`: how many of the entries may be obeyed. What comes after them is the beginning of a commit whose end has not
 * come, or, where there is a `problem`, what nobody with the key has signed.
 */
export type Verdict = { obeyed: number; problem?: Problem }
/** `isOfAnotherKey`: it may well hold, by a key that this instance was not given. */
export type Problem = { text: string; isOfAnotherKey: boolean }

export class Obedience {
  readonly keys: LogKeys
  readonly #environment: string

  constructor(keys: LogKeys, environment: string) {
    this.keys = keys
    this.#environment = environment
  }

  /** The entries follow those that led to `known`. */
  judge(known: Obeyed, entries: readonly SealedEntry[]): Verdict {
    const quick = this.#walk(known, entries, false)
    // the last signature covers all before it, so that one is checked; where it fails, each is, to find the first
    return quick.problem === undefined ? quick : this.#walk(known, entries, true)
  }

  #walk(known: Obeyed, entries: readonly SealedEntry[], isThorough: boolean): Verdict {
    let { signing, log } = known
    const last = entries.findLastIndex(({ line }) => isSigned(line))
    let obeyed = 0
    for (const [at, sealed] of entries.entries()) {
      const { entry, line, hash } = sealed
      const before = signing
      const name = log ?? ''
      signing = signingAfter(before, entry, placeOf(entry))
      log ??= hash
      if (signing === undefined) obeyed = at + 1
      else if (isSigned(line)) {
        const begins = before === undefined
        if (isThorough || begins || at === last || isOfKey(entry)) {
          const problem = this.#problem(sealed, before ?? { since: 0, keyId: signing.keyId }, name)
          if (problem !== undefined) return { obeyed, problem }
        }
        obeyed = at + 1
      }
    }
    return { obeyed }
  }

  #problem({ entry, line }: SealedEntry, signing: Signing, log: string): Problem | undefined {
    const signature = signatureOf(line)
    if (signature === undefined || this.keys.isEmpty) return undefined
    // an owner who lost the key signs with the new one: believed where it was given to this instance
    const replaces = entry.action === 'log.rekeyed' && entry.signing?.lost === true
    const id = replaces ? signature.keyId : signing.keyId
    const place = `Entry ${entry.epoch}-${entry.seq}`
    if (signature.keyId !== id)
      return wrong(`${place} is signed by the key ${signature.keyId}, and ${id} signs this log.`)
    if (replaces && [...(signing.replaced ?? []), signing.keyId].includes(id))
      return wrong(`${place} is signed by the key ${id}, which may not say that another one is lost.`)
    const key = replaces ? this.keys.believed(id) : this.#keyOf(signing)
    if (key === undefined) {
      const text = `${place} is signed by the key ${id}, which this instance was not given.`
      return { text, isOfAnotherKey: true }
    }
    if (holds(signature, { environment: this.#environment, log }, key)) return undefined
    return wrong(`The signature of entry ${entry.epoch}-${entry.seq} does not hold.`)
  }

  /** A key that an entry named is believed because that entry was. */
  #keyOf({ keyId, publicKey }: Signing): KeyObject | undefined {
    return this.keys.believed(keyId) ?? (publicKey === undefined ? undefined : readPublicKey(publicKey))
  }
}

const wrong = (text: string): Problem => ({ text, isOfAnotherKey: false })
