// Cosignatures of a checkpoint by witnesses elsewhere, as c2sp.org/tlog-cosignature has them (cosignature/v1, Ed25519, type 4):
// as of an hour, this was the largest tree that the witness had seen, and it went on from all it had seen before. How many of
// them are asked for, and how young they have to be.
//
//     — <witness> base64(key id || seconds since 1970, 8 bytes, big-endian || Ed25519 over what follows)
//
//     cosignature/v1
//     time 1679315147
//     <the text of the note, to its last newline>

import { type KeyObject, sign, verify } from 'node:crypto'
import { COSIGNER, lineOf, type Note, parseVerifierKey, signatureLine, type Verifier } from './note.js'

/** A witness whose cosignatures count. */
export type Cosigner = Verifier
/** `quorum` of the cosigners must stand behind a checkpoint. */
export type Witnesses = { quorum: number; cosigners: readonly Cosigner[] }
type Standing = { name: string; at: number }

/** A cosignature that is older says nothing of what the log is now. */
export const WITNESSED_FOR_MS = 600_000
const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

const messageOf = (text: string, seconds: bigint): Buffer =>
  Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)

/** The line that a witness adds to a note. */
export function cosignatureLine({ text }: Note, name: string, key: KeyObject, atMs: number): string {
  const seconds = BigInt(Math.floor(atMs / 1_000))
  const time = Buffer.alloc(TIME_BYTES)
  time.writeBigUInt64BE(seconds)
  const signature = sign(null, messageOf(text, seconds), key)
  return signatureLine(name, key, COSIGNER, Buffer.concat([time, signature]))
}

/** The newest cosignature of this witness that holds, and its hour in milliseconds. */
export function cosignatureOf(
  { text, signatures }: Note,
  { name, id, key }: Cosigner,
): { at: number; line: string } | undefined {
  const found = signatures.flatMap(each => {
    const { signature } = each
    if (each.name !== name || each.id !== id || signature.length !== TIME_BYTES + SIGNATURE_BYTES) return []
    const seconds = signature.readBigUInt64BE()
    if (!verify(null, messageOf(text, seconds), key, signature.subarray(TIME_BYTES))) return []
    return [{ at: Number(seconds) * 1_000, line: lineOf(each) }]
  })
  return found.sort((a, b) => b.at - a.at)[0]
}

/** Reads `2:<key>,<key>,<key>`: how many of these witnesses. Throws a `TypeError` that says what is wrong. */
export function parseWitnesses(given: string): Witnesses {
  const [, quorum = '', list = ''] = /^\s*(\d{1,2})\s*:(.*)$/s.exec(given) ?? []
  if (list === '') throw new TypeError('give how many and of whom, such as 2:<key>,<key>,<key>')
  const keys = list.split(',').map(each => each.trim())
  const cosigners = keys.map(each => {
    const found = parseVerifierKey(each, COSIGNER)
    if (found) return found
    throw new TypeError(
      `"${each}" is no key of a witness, as "killswitch audit witness" prints it: <name>+<id>+<key>`,
    )
  })
  const different = new Set(cosigners.map(({ key }) => String(key.export({ format: 'jwk' }).x)))
  if (different.size < cosigners.length)
    throw new TypeError('one key is given twice: each witness has its own')
  if (Number(quorum) < 1 || Number(quorum) > cosigners.length)
    throw new TypeError(
      `${quorum} of ${cosigners.length} witnesses cannot be: give from 1 to ${cosigners.length}`,
    )
  return { quorum: Number(quorum), cosigners }
}

/** Who stands behind a note as of `nowMs`: cosignatures that are older, or hours ahead, do not count. */
export const standingBehind = (note: Note, { cosigners }: Witnesses, nowMs: number): Standing[] =>
  cosigners.flatMap(each => {
    const { at } = cosignatureOf(note, each) ?? {}
    return at === undefined || Math.abs(nowMs - at) > WITNESSED_FOR_MS ? [] : [{ name: each.name, at }]
  })

/** When the last one that is needed stood behind the note, in milliseconds; undefined where too few do. */
export function witnessedAt(note: Note, witnesses: Witnesses, nowMs: number): number | undefined {
  const hours = standingBehind(note, witnesses, nowMs).map(({ at }) => at)
  return hours.sort((a, b) => b - a)[witnesses.quorum - 1]
}
