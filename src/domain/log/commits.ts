// The signatures in an export, for whoever verifies it: that each commit was signed by the key of the log, or, without any
// key, that the log ends where a commit does. The last signature covers every line before it, and is the one that is checked.

import type { KeyObject } from 'node:crypto'
import { hashLine, placeOf } from './audit.js'
import { parseEntry } from './chain.js'
import type { Fault } from './examination.js'
import {
  holds,
  isOfKey,
  keyIdOf,
  publicKeyOf,
  readPublicKey,
  type Signature,
  type SignedIn,
  type Signing,
  signatureOf,
  signingAfter,
} from './signature.js'

/** `line` is 1-based. `from`: the first line that the signature is the next to cover. */
type Signed = { signature: Signature; at: SignedIn; keyId: string; from: number; line: number; place: number }

/** `verified`: with the key that was given. `lost`: where a key that was lost was replaced, by place. */
export type CommitsFound = { keyId: string; since: number; verified: boolean; lost: readonly number[] }

export class Commits {
  readonly #trusted = new Map<string, KeyObject>()
  /** Each is checked, to find the first that does not hold. */
  readonly #isThorough: boolean
  #signing: Signing | undefined
  #log: string | undefined
  #environment = ''
  #lines = 0
  #last: Signed | undefined
  #isVerified = false

  constructor(key?: KeyObject, isThorough = false) {
    if (key !== undefined) this.#trusted.set(keyIdOf(publicKeyOf(key)), key)
    this.#isThorough = isThorough
  }

  /** Takes the next line, which follows the one before. */
  take(bytes: Buffer): Fault | undefined {
    this.#lines++
    const text = bytes.toString()
    const signature = signatureOf(text)
    const isFirst = this.#log === undefined
    if (signature === undefined && !isFirst) return undefined
    const before = this.#signing
    // only what begins a log, or names a key, has to be read: the rest is signed as it stands
    const entry =
      isFirst || before === undefined || text.includes('"action":"log.') ? parseEntry(text) : undefined
    const log = this.#log ?? ''
    if (isFirst) {
      this.#log = hashLine(bytes)
      this.#environment = entry?.environment ?? ''
    }
    const place = entry === undefined ? 0 : placeOf(entry)
    if (entry !== undefined) this.#signing = signingAfter(before, entry, place)
    if (signature === undefined || this.#signing === undefined) return undefined
    const replaces = entry?.action === 'log.rekeyed' && entry.signing?.lost === true
    const keyId = replaces ? signature.keyId : (before ?? this.#signing).keyId
    const at = { environment: this.#environment, log }
    const from = (this.#last?.line ?? 0) + 1
    this.#last = { signature, at, keyId, from, line: this.#lines, place }
    const names = entry !== undefined && isOfKey(entry)
    const fault = this.#isThorough || names ? this.#check(this.#last) : undefined
    if (fault === undefined && names && entry.signing && this.#trusted.has(keyId) && !replaces)
      this.#trust(entry.signing.key)
    return fault
  }

  /** At the end of the file. */
  end(): Fault | undefined {
    const last = this.#last
    if (last === undefined || this.#signing === undefined) return undefined
    if (last.line < this.#lines) {
      const problem = `the log is signed, and nobody signed what comes after line ${last.line}: it was cut within a commit, or was added`
      return { kind: 'unsigned', line: last.line + 1, place: last.place, problem }
    }
    const fault = this.#check(last)
    if (fault !== undefined) return fault
    this.#isVerified = this.#trusted.has(last.keyId)
    if (this.#isVerified || this.#trusted.size === 0) return undefined
    const problem = `it is signed with the key ${last.keyId}, and the key given is ${[...this.#trusted.keys()][0]}`
    return { kind: 'unsigned', line: last.line, place: last.place, problem }
  }

  /** The key that was given, and those that entries name which a trusted key signed. */
  get trusted(): readonly KeyObject[] {
    return [...this.#trusted.values()]
  }

  /** Undefined where the log is not signed. */
  get found(): CommitsFound | undefined {
    if (this.#signing === undefined) return undefined
    const { keyId, since, lost = [] } = this.#signing
    return { keyId, since, lost, verified: this.#isVerified }
  }

  #trust(publicKey: string): void {
    const key = readPublicKey(publicKey)
    if (key !== undefined) this.#trusted.set(keyIdOf(publicKey), key)
  }

  #check({ signature, at, keyId, from, line, place }: Signed): Fault | undefined {
    const where = { line, place, ...(from < line ? { from } : {}) }
    if (signature.keyId !== keyId) {
      const problem = `it is signed with the key ${signature.keyId}, and ${keyId} signs this log`
      return { kind: 'unsigned', ...where, problem }
    }
    const key = this.#trusted.get(keyId)
    if (key === undefined || holds(signature, at, key)) return undefined
    const which = from < line ? `one or more of the lines ${from} to ${line} were` : `line ${line} was`
    return {
      kind: 'unsigned',
      ...where,
      problem: `${which} not written by who has the key: the signature does not hold`,
    }
  }
}
