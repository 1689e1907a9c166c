// Signed notes, as c2sp.org/signed-note has them: text, a blank line, and one line per signature. Ed25519 alone: of whoever
// wrote the note (type 1), and of those who cosign it (type 4, cosignature.ts).
// Knows nothing of what a note says.

import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

export type NoteSignature = { name: string; id: string; signature: Buffer }
/** `text` ends in a newline. Nothing in it may be believed before a signature was verified. */
export type Note = { text: string; signatures: NoteSignature[] }
export type Verifier = { name: string; id: string; key: KeyObject }

const ED25519 = 1
export const COSIGNER = 4
export type KeyType = typeof ED25519 | typeof COSIGNER
/** The specification asks for at least 16; a bound keeps a hostile note cheap. */
const MOST_SIGNATURES = 32
const NAME = /^[^\s+]+$/u

/** The 32 bytes of an Ed25519 public key (RFC 8032), of either half of the pair. */
function publicBytes(key: KeyObject): Buffer {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  return Buffer.from(x as string, 'base64url')
}

const publicKeyOf = (bytes: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' })

/** SHA-256(name || 0x0A || type || public key), its first four bytes, in hex. */
const keyId = (name: string, key: Buffer, type: KeyType): string =>
  createHash('sha256').update(`${name}\n`).update(Buffer.of(type)).update(key).digest('hex').slice(0, 8)

/** What a verifier is given, on one line: `<name>+<key id>+<base64(type || public key)>`. */
export function verifierKey(name: string, key: KeyObject, type: KeyType = ED25519): string {
  const bytes = publicBytes(key)
  return `${name}+${keyId(name, bytes, type)}+${Buffer.concat([Buffer.of(type), bytes]).toString('base64')}`
}

/** Reads a verifier key; undefined where it is none, or its id is not that of its key. */
export function parseVerifierKey(text: string, type: KeyType = ED25519): Verifier | undefined {
  const [, name = '', id = '', encoded = ''] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text.trim()) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 33 || bytes[0] !== type || bytes.toString('base64') !== encoded) return undefined
  const key = bytes.subarray(1)
  return keyId(name, key, type) === id ? { name, id, key: publicKeyOf(key) } : undefined
}

/** A line of a note: `— <name> base64(key id || signature)`. */
export const lineOf = ({ name, id, signature }: NoteSignature): string =>
  `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`

/** The line of whoever has the private or the public half of this key. */
export function signatureLine(name: string, key: KeyObject, type: KeyType, signature: Buffer): string {
  if (!NAME.test(name)) throw new TypeError(`not a key name: ${name}`)
  return lineOf({ name, id: keyId(name, publicBytes(key), type), signature })
}

/** Signs a text, which must end in a newline, under a key's name. */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  if (!text.endsWith('\n')) throw new TypeError('not a text of whole lines')
  const signature = sign(null, Buffer.from(text), privateKey)
  return `${text}\n${signatureLine(name, privateKey, ED25519, signature)}`
}

/** Takes a note apart without verifying it; undefined where it is none. */
export function parseNote(note: string): Note | undefined {
  const end = note.lastIndexOf('\n\n')
  if (end === -1 || !note.endsWith('\n') || hasControls(note)) return undefined
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > MOST_SIGNATURES) return undefined
  const signatures = lines.map(parseSignature)
  if (signatures.includes(undefined)) return undefined
  return { text: note.slice(0, end + 1), signatures: signatures as NoteSignature[] }
}

function parseSignature(line: string): NoteSignature | undefined {
  const [, name, encoded = ''] = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== encoded) return undefined
  return { name, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) }
}

const hasControls = (text: string): boolean => /[\u0000-\u0009\u000b-\u001f]/.test(text)

/** `unknown-key`: no signature is of this key. `forged`: one says it is, and does not hold. */
export function verifyNote(
  { text, signatures }: Note,
  { name, id, key }: Verifier,
): 'verified' | 'forged' | 'unknown-key' {
  const own = signatures.filter(signature => signature.name === name && signature.id === id)
  if (own.length === 0) return 'unknown-key'
  const holds = own.every(({ signature }) => verify(null, Buffer.from(text), key, signature))
  return holds ? 'verified' : 'forged'
}
