// Cosignatures byte for byte as c2sp.org/tlog-cosignature has them, and who stands behind a checkpoint as of which hour.

import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import t from 'tap'
import {
  cosignatureLine,
  cosignatureOf,
  parseWitnesses,
  witnessedAt,
} from '../../src/domain/log/cosignature.js'
import {
  COSIGNER,
  parseNote,
  parseVerifierKey,
  signNote,
  verifierKey,
  verifyNote,
} from '../../src/domain/log/note.js'

const NOW = 1_679_315_147_000
const TEXT = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
const aKey = () => generateKeyPairSync('ed25519').privateKey
const log = aKey()
const [one, two, three] = [aKey(), aKey(), aKey()] as [KeyObject, KeyObject, KeyObject]
const NOTE = signNote(TEXT, 'example.com/behind-the-sofa', log)
const noteOf = (text: string) => parseNote(text) as NonNullable<ReturnType<typeof parseNote>>
const lineBy = (name: string, key: KeyObject, at = NOW) => cosignatureLine(noteOf(NOTE), name, key, at)
const vkey = (name: string, key: KeyObject) => verifierKey(name, key, COSIGNER)

t.test('is made as the specification says it', async () => {
  const name = 'witness.example.com/w1'
  const bytes = Buffer.from(one.export({ format: 'jwk' }).x as string, 'base64url')
  const id = createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(4))
    .update(bytes)
    .digest()
    .subarray(0, 4)
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime 1679315147\n${TEXT}`), one)
  const hour = Buffer.from('00000000641850cb', 'hex')
  assert.equal(lineBy(name, one), `— ${name} ${Buffer.concat([id, hour, signature]).toString('base64')}\n`)
  assert.equal(
    vkey(name, one),
    `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.of(4), bytes]).toString('base64')}`,
  )
})

t.test('is known by its key alone, and holds for its very text and hour', async () => {
  const cosigner = parseVerifierKey(vkey('w1', one), COSIGNER)
  assert.ok(cosigner)
  const cosigned = noteOf(NOTE + lineBy('w1', one, NOW - 60_000) + lineBy('w1', one))
  assert.deepEqual(cosignatureOf(cosigned, cosigner), { at: NOW, line: lineBy('w1', one) })
  const own = parseVerifierKey(verifierKey('example.com/behind-the-sofa', log))
  assert.ok(own)
  assert.equal(verifyNote(cosigned, own), 'verified', 'the log signed it all the same')
  for (const other of [NOTE + lineBy('w1', two), NOTE + lineBy('w2', one), NOTE])
    assert.equal(cosignatureOf(noteOf(other), cosigner), undefined)
  const [, , encoded = ''] = lineBy('w1', one).trim().split(' ')
  for (let at = 4; at < 76; at++) {
    const bytes = Buffer.from(encoded, 'base64')
    bytes[at] = (bytes[at] as number) ^ 1
    const forged = noteOf(`${NOTE}— w1 ${bytes.toString('base64')}\n`)
    assert.equal(cosignatureOf(forged, cosigner), undefined, `byte ${at}`)
  }
  const elsewhere = noteOf(NOTE.replace('20852163', '20852164') + lineBy('w1', one))
  assert.equal(cosignatureOf(elsewhere, cosigner), undefined)
  assert.equal(parseVerifierKey(vkey('w1', one)), undefined, "a witness's key is no log's")
  assert.equal(parseVerifierKey(verifierKey('w1', one), COSIGNER), undefined)
})

t.test('counts with others, and for ten minutes', async () => {
  const witnesses = parseWitnesses(`2:${vkey('w1', one)}, ${vkey('w2', two)},${vkey('w3', three)}`)
  const at = (text: string, now = NOW) => witnessedAt(noteOf(text), witnesses, now)
  const both = NOTE + lineBy('w1', one) + lineBy('w3', three, NOW - 120_000)
  assert.equal(at(NOTE), undefined)
  assert.equal(at(NOTE + lineBy('w1', one) + lineBy('w1', one, NOW - 1_000)), undefined, 'one of them twice')
  assert.equal(at(both), NOW - 120_000, 'as of the hour at which the second one stood behind it')
  assert.equal(at(both, NOW + 480_000), NOW - 120_000)
  assert.equal(at(both, NOW + 481_000), undefined)
  assert.equal(at(both, NOW - 601_000), undefined, 'hours ahead')
})

t.test('is asked of witnesses that can be', async () => {
  for (const [given, why] of [
    ['', /such as 2:/],
    [vkey('w1', one), /such as 2:/],
    ['1:', /such as 2:/],
    [`0:${vkey('w1', one)}`, /0 of 1 witnesses cannot be/],
    [`2:${vkey('w1', one)}`, /2 of 1 witnesses cannot be/],
    [`1:${verifierKey('w1', one)}`, /is no key of a witness/],
    [`2:${vkey('w1', one)},${vkey('w2', one)}`, /one key is given twice/],
  ] as const)
    assert.throws(() => parseWitnesses(given), why)
})
