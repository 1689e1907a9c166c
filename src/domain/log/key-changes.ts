// Changes of the key of a log, for whoever trusts the key of before and sees no entries: the entry that names the next key, line
// for line, is signed by the key before, and is shown to be in the log. A key that was replaced because it was lost leads nowhere:
// nobody who had it says which one is next.

import type { KeyObject } from 'node:crypto'
import type { KeyChanges } from '../../wire/audit.js'
import { type Entry, open } from './audit.js'
import { originOf, parseCheckpoint } from './checkpoint.js'
import { leafHash, verifyInclusion } from './merkle.js'
import { parseVerifierKey, type Verifier, verifierKey, verifyNote } from './note.js'
import { holds, keyIdOf, publicKeyOf, readPublicKey, type SignedIn, signatureOf } from './signature.js'

/** `until`: a log of more entries names its successor, and this key signs nothing of it. */
export type Trusted = { verifier: Verifier; until?: number }

/** The key that is trusted, and those that it leads to, oldest first; it alone where something of them does not hold. */
export function followKeyChanges(first: Verifier, told: KeyChanges): readonly Trusted[] {
  const at = { environment: told.environment, log: told.log }
  if (originOf(at.environment, at.log) !== first.name) return [{ verifier: first }]
  const followed: (Trusted & { proof?: KeyChanges['changes'][number]['proof']; line?: string })[] = []
  let last: Verifier = first
  for (const { line, proof } of told.changes) {
    const next = nextKey(line, last.key, at)
    if (next === undefined) continue // of a key before it, or of somebody else
    followed.push({ verifier: last, until: proof.index, proof, line })
    last = parseVerifierKey(verifierKey(first.name, next)) as Verifier
  }
  const isHeld = followed.every(({ line = '', proof }) => proof && isIn(line, proof, last))
  if (!isHeld) return [{ verifier: first }]
  return [...followed.map(({ verifier, until = 0 }) => ({ verifier, until })), { verifier: last }]
}

/** What verifies a checkpoint of so many entries: the key whose turn it was, or a later one. */
export const verifiersOf = (trusted: readonly Trusted[], size: number): Verifier[] =>
  trusted.filter(({ until = size }) => size <= until).map(({ verifier }) => verifier)

/** The key that the entry names, where `key` signed it. */
function nextKey(line: string, key: KeyObject, at: SignedIn): KeyObject | undefined {
  const signature = signatureOf(line)
  if (signature === undefined || signature.keyId !== keyIdOf(publicKeyOf(key))) return undefined
  if (!holds(signature, at, key)) return undefined
  const { action, outcome, signing } = entryOf(line) ?? {}
  if (action !== 'log.rekeyed' || outcome !== 'applied' || !signing || signing.lost) return undefined
  return readPublicKey(signing.key)
}

function entryOf(line: string): Partial<Entry> | undefined {
  try {
    return open(line).entry
  } catch {
    return undefined
  }
}

type Proof = KeyChanges['changes'][number]['proof']

/** By a checkpoint that the newest key signed: who has an old key alone shows none. */
function isIn(line: string, { index, size, proof, checkpoint: note }: Proof, newest: Verifier): boolean {
  const signed = parseCheckpoint(note)
  if (signed === undefined || verifyNote(signed.note, newest) !== 'verified') return false
  const { checkpoint } = signed
  if (checkpoint.origin !== newest.name || checkpoint.size !== size) return false
  const path = proof.map(hash => Buffer.from(hash, 'hex'))
  return verifyInclusion({ index, size, leaf: leafHash(line), proof: path, root: checkpoint.root })
}
