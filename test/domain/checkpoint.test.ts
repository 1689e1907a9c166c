// Notes and checkpoints against the published examples, against forgers, and what a witness may and may not call a fork.
// Vector: golang.org/x/mod/sumdb/note, note_test.go (a key pair published for tests; Ed25519 is deterministic).

import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import t from 'tap'
import {
  type Checkpoint,
  checkpointText,
  contradiction,
  isAbandoned,
  originOf,
  parseCheckpoint,
  signCheckpoint,
} from '../../src/domain/log/checkpoint.js'
import { leafHash } from '../../src/domain/log/merkle.js'
import { parseNote, parseVerifierKey, signNote, verifierKey, verifyNote } from '../../src/domain/log/note.js'

const VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const SEED = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1)
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const NOTE = `${TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`

/** PKCS #8 of an Ed25519 seed, RFC 8410 section 7. */
const keyOf = (seed: Buffer): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  })
const peter = keyOf(SEED)
const own = generateKeyPairSync('ed25519').privateKey

const hashOf = (text: string): string => leafHash(text).toString('hex')
const aCheckpoint = (given: Partial<Checkpoint> = {}): Checkpoint => ({
  origin: originOf('test', hashOf('first')),
  size: 110,
  root: leafHash('root'),
  head: { epoch: 0, seq: 110, hash: hashOf('head') },
  openings: [],
  ...given,
})

t.test('a note', async t => {
  t.test('is signed, byte for byte, as Go signs it', async () => {
    assert.equal(signNote(TEXT, 'PeterNeumann', peter), NOTE)
    assert.equal(verifierKey('PeterNeumann', peter), VKEY)
  })

  t.test('is verified by the published verifier key', async () => {
    const verifier = parseVerifierKey(VKEY)
    const note = parseNote(NOTE)
    assert.ok(verifier && note)
    assert.equal(note.text, TEXT)
    assert.equal(verifyNote(note, verifier), 'verified')
  })

  t.test('may carry the signatures of others, which are passed over', async () => {
    const witnessed = NOTE + (signNote(TEXT, 'witness.example/w1', own).split('\n\n')[1] as string)
    const note = parseNote(witnessed)
    const verifier = parseVerifierKey(VKEY)
    assert.ok(verifier && note)
    assert.equal(note.signatures.length, 2)
    assert.equal(verifyNote(note, verifier), 'verified')
  })

  t.test('is not verified after any edit of one byte', async () => {
    const bytes = Buffer.from(NOTE)
    const verifier = parseVerifierKey(VKEY)
    assert.ok(verifier)
    for (let at = 0; at < bytes.length; at++) {
      const edited = Buffer.from(bytes)
      edited[at] = (edited[at] as number) ^ 1
      const note = parseNote(edited.toString())
      assert.notEqual(note && verifyNote(note, verifier), 'verified', `byte ${at}`)
    }
  })

  t.test('of another key is unknown, and of a key that poses as ours forged', async () => {
    const verifier = parseVerifierKey(VKEY)
    assert.ok(verifier)
    const verdict = (text: string) =>
      verifyNote(parseNote(text) as NonNullable<ReturnType<typeof parseNote>>, verifier)
    assert.equal(verdict(signNote(TEXT, 'PeterNeumann', own)), 'unknown-key')
    assert.equal(verdict(signNote(TEXT, 'EnochRoot', peter)), 'unknown-key')
    const id = Buffer.from('c74f20a3', 'hex')
    const posing = Buffer.concat([id, Buffer.alloc(64, 7)]).toString('base64')
    assert.equal(verdict(`${TEXT}\n— PeterNeumann ${posing}\n`), 'forged')
  })

  t.test('and a key are refused where they are not of the form', async () => {
    for (const wrong of [
      '',
      'x',
      NOTE.slice(0, -1),
      TEXT,
      `${TEXT}\n`,
      NOTE.replace('— ', '- '),
      `\u0001${NOTE}`,
    ])
      assert.equal(parseNote(wrong), undefined, wrong)
    for (const wrong of ['', VKEY.slice(1), VKEY.slice(0, -1), VKEY.replace('c74f20a3', 'c74f20a4')])
      assert.equal(parseVerifierKey(wrong), undefined, wrong)
  })
})

t.test('a checkpoint', async t => {
  t.test('reads back as it was signed', async () => {
    const hash = hashOf('before').slice(0, 16)
    const openings = [{ epoch: 1, after: { epoch: 0, seq: 104, hash } }]
    const checkpoint = aCheckpoint({ openings, head: { epoch: 1, seq: 110, hash: hashOf('head') } })
    const note = signCheckpoint(checkpoint, own)
    const read = parseCheckpoint(note)
    assert.deepEqual(read?.checkpoint, checkpoint)
    const verifier = parseVerifierKey(verifierKey(checkpoint.origin, own))
    assert.equal(read && verifier && verifyNote(read.note, verifier), 'verified')
    assert.match(
      note,
      /^killswitch\/test\/[0-9a-f]{16}\n110\n\S{44}\nhead 1-110 \S{64}\nepoch 1 after 0-104 \S{16}\n\n— /,
    )
  })

  t.test('of anybody else is read too, with extension lines we do not know', async () => {
    const text =
      'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nsomething else\n'
    const read = parseCheckpoint(signNote(text, 'example.com/behind-the-sofa', own))
    assert.equal(read?.checkpoint.size, 20852163)
    assert.equal(read.checkpoint.head, undefined)
  })

  t.test('is refused where the size or the root is not as the specification has it', async () => {
    const sign = (text: string) => parseCheckpoint(signNote(text, 'a', own))
    const [origin, size, root] = checkpointText(aCheckpoint()).split('\n') as [string, string, string]
    assert.ok(sign(`${origin}\n${size}\n${root}\n`))
    assert.ok(sign(`${origin}\n0\n${root}\n`))
    for (const wrong of ['', '01', '-1', '1e3', '+1', ' 1', '99999999999999999'])
      assert.equal(sign(`${origin}\n${wrong}\n${root}\n`), undefined, wrong)
    for (const wrong of ['', root.slice(1), `${root.slice(0, -2)}==`, root.replace(/.=$/, 'B=')])
      assert.equal(sign(`${origin}\n${size}\n${wrong}\n`), undefined, wrong)
    assert.equal(sign(`${origin}\n${size}\n${root}\n\nafter a blank line\n`), undefined)
  })
})

t.test('a witness', async t => {
  const known = aCheckpoint()
  const end = { epoch: 0, seq: 104, hash: hashOf('ancestor').slice(0, 16) }
  const after = (size: number, openings = [{ epoch: 1, after: end }]) =>
    aCheckpoint({ size, root: leafHash('other'), openings, head: { epoch: 1, seq: size, hash: hashOf('h') } })

  t.test('finds nothing in the same tree, in a larger one, and in another log', async () => {
    assert.equal(contradiction(known, aCheckpoint()), undefined)
    assert.equal(contradiction(known, aCheckpoint({ size: 111, root: leafHash('more') })), undefined)
    assert.equal(contradiction(known, aCheckpoint({ origin: 'killswitch/test/other', size: 3 })), undefined)
  })

  t.test('finds two trees of one size, and a log that shrank', async () => {
    assert.match(
      contradiction(known, aCheckpoint({ root: leafHash('x') })) ?? '',
      /^two trees of 110 entries/,
    )
    assert.match(contradiction(known, aCheckpoint({ size: 109 })) ?? '', /^the log shrank from 110 to 109/)
  })

  t.test('lets a failover pass that left the branch its entry was on', async () => {
    assert.equal(contradiction(known, after(106)), undefined)
    assert.equal(contradiction(known, after(110)), undefined)
    const onLostEpoch = aCheckpoint({ head: { epoch: 1, seq: 110, hash: hashOf('x') } })
    const skipped = [{ epoch: 2, after: end }]
    const seen = { ...after(106, skipped), head: { epoch: 2, seq: 106, hash: hashOf('h') } }
    assert.equal(contradiction(onLostEpoch, seen), undefined, 'an epoch that this log never had')
  })

  t.test('does not let an epoch pass that was opened behind what it knows', async () => {
    const later = { ...end, seq: 110 }
    assert.match(contradiction(known, after(108, [{ epoch: 1, after: later }])) ?? '', /shrank/)
    const inEpoch = aCheckpoint({ size: 120, head: { epoch: 1, seq: 120, hash: hashOf('x') } })
    assert.match(contradiction(inEpoch, after(115)) ?? '', /shrank/, 'of the epoch that is open')
  })

  t.test('knows of every entry whether its branch was left', async () => {
    const seen = after(120)
    for (const [seq, left] of [
      [104, false],
      [105, true],
      [110, true],
    ] as const)
      assert.equal(isAbandoned({ epoch: 0, seq }, seen), left)
    assert.equal(isAbandoned({ epoch: 1, seq: 130 }, seen), false)
    assert.equal(isAbandoned({ epoch: 7, seq: 1 }, seen), false)
  })
})
