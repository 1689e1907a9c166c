// The signature of a commit. The last line of a commit ends with the member `sig`: the id of a key, and Ed25519 over the
// environment, the name of the log and the exact bytes of the line before that member. `prev` is among those bytes, so that
// the signature covers every line before. A commit is obeyed only as far as its signature holds.
//
//     {"v":1,...,"prev":"9f2c...","sig":"51d04a8b.<86 characters of base64url>"}

import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { type Entry, entryId, hashLine, type SealedEntry } from './audit.js'

/** Of the member and the brace after it, in bytes. */
export const SIGNATURE_LENGTH = ',"sig":"'.length + 8 + 1 + 86 + '"}'.length
const MEMBER = /^,"sig":"([0-9a-f]{8})\.([A-Za-z0-9_-]{86})"\}$/

/** What a line says of its own signature. Nothing of it was checked. */
export type Signature = { keyId: string; bytes: Buffer; body: string }

/** Undefined where the line has none: it is inside a commit, or of a log that is not signed. */
export function signatureOf(line: string): Signature | undefined {
  const found = MEMBER.exec(line.slice(-SIGNATURE_LENGTH))
  if (found === null) return undefined
  return {
    keyId: found[1] as string,
    bytes: Buffer.from(found[2] as string, 'base64url'),
    body: line.slice(0, -SIGNATURE_LENGTH),
  }
}

export const isSigned = (line: string): boolean => MEMBER.test(line.slice(-SIGNATURE_LENGTH))

/** The 32 bytes of an Ed25519 public key (RFC 8032) in base64, of either half of the pair. */
export function publicKeyOf(key: KeyObject): string {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  return Buffer.from(x as string, 'base64url').toString('base64')
}

/** The first 8 hex digits of the SHA-256 of the 32 bytes. */
export const keyIdOf = (publicKey: string): string =>
  createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 8)

/** Undefined where the text is no such key. */
export function readPublicKey(base64: string): KeyObject | undefined {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length !== 32 || bytes.toString('base64') !== base64) return undefined
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') },
    format: 'jwk',
  })
}

/** Where a line is signed: in which environment, and in which log; '' before the first line of a log. */
export type SignedIn = { environment: string; log: string }

const bytesOf = ({ environment, log }: SignedIn, body: string): Buffer =>
  Buffer.from(`killswitch commit v1\n${environment}\n${log}\n${body}`)

/** The entry as the last of its commit. */
export function signSealed(
  { entry, line }: SealedEntry,
  place: SignedIn,
  key: { id: string; key: KeyObject },
): SealedEntry {
  const body = line.slice(0, -1)
  const sig = `${key.id}.${sign(null, bytesOf(place, body), key.key).toString('base64url')}`
  const signed = `${body},"sig":"${sig}"}`
  return { entry: { ...entry, sig }, line: signed, hash: hashLine(signed) }
}

export const holds = ({ body, bytes }: Signature, place: SignedIn, key: KeyObject): boolean =>
  verify(null, bytesOf(place, body), key, bytes)

/** Entries that say which key signs from then on. */
export const isOfKey = ({ action }: Pick<Entry, 'action'>): boolean =>
  action === 'log.signed' || action === 'log.rekeyed'

/** How the log is signed; absent while its commits are not. */
export type Signing = {
  /** The place of the first signed entry. */
  since: number
  /** The id of the key that signs. */
  keyId: string
  /** The key itself, where an entry named it. */
  publicKey?: string
  /** The ids of the keys that signed before it: they sign nothing any more. */
  replaced?: readonly string[]
  /** The places of the entries that replaced a lost key: nobody who had the key before says that they are right. */
  lost?: readonly number[]
}

/** `entry` is the one after those that led to `signing`. */
export function signingAfter(signing: Signing | undefined, entry: Entry, place: number): Signing | undefined {
  if (signing === undefined) {
    const begins = entry.prev === '' || entry.action === 'log.signed'
    if (!begins || entry.sig === undefined) return undefined
    return { since: place, keyId: entry.sig.slice(0, 8), ...named(entry) }
  }
  if (entry.action !== 'log.rekeyed' || entry.signing === undefined) return signing
  const lost = entry.signing.lost === true ? { lost: [...(signing.lost ?? []), place] } : {}
  const replaced = [...(signing.replaced ?? []), signing.keyId]
  return { ...signing, ...lost, replaced, keyId: keyIdOf(entry.signing.key), publicKey: entry.signing.key }
}

/** What is said of such an entry, wherever the log is verified. */
export const lostKeyAt = (place: number): string =>
  `at ${entryId(place)} an owner replaced a key that was lost: nobody who had it vouches for the entries after that`

const named = ({ signing }: Entry) => (signing === undefined ? {} : { publicKey: signing.key })

/** Without the beginning of a commit whose end comes with the next lines; all of them where none is signed. */
export const wholeCommits = (lines: readonly string[]): readonly string[] => {
  const end = lines.findLastIndex(isSigned)
  return end === -1 ? lines : lines.slice(0, end + 1)
}
