// A chain of changes of the key is followed from the key that is trusted, as far as each key signs the next one.

import assert from 'node:assert/strict'
import t from 'tap'
import { originOf } from '../../src/domain/log/checkpoint.js'
import { followKeyChanges, verifiersOf } from '../../src/domain/log/key-changes.js'
import { LogKeys, type SigningKey } from '../../src/domain/log/log-keys.js'
import { parseVerifierKey, type Verifier, verifierKey } from '../../src/domain/log/note.js'
import type { KeyChanges } from '../../src/wire/audit.js'
import { type Change, changedLog, ENVIRONMENT, keyChangesOf } from '../support/key-changes.js'
import { newKey } from '../support/shared-log.js'

const [A, B, C, STRANGER] = new LogKeys([newKey(), newKey(), newKey(), newKey()]).signing as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
]
const told = (changes: Change[], newest: SigningKey) => keyChangesOf(changedLog(A, changes), newest)

const verifier = (changes: KeyChanges, { key }: SigningKey): Verifier =>
  parseVerifierKey(verifierKey(originOf(ENVIRONMENT, changes.log), key)) as Verifier
const follow = (changes: KeyChanges, from = A) => {
  const names = new Map([A, B, C, STRANGER].map((key, at) => [verifier(changes, key).id, 'ABCS'[at]]))
  return followKeyChanges(verifier(changes, from), changes)
    .map(({ verifier: { id }, until = '' }) => `${names.get(id)}${until}`)
    .join()
}

t.test('each key leads to the next, and signs no log that has its successor in it', async () => {
  const changes = told(
    [
      { by: A, to: B },
      { by: B, to: C },
    ],
    C,
  )
  assert.equal(follow(changes), 'A1,B3,C')
  assert.equal(follow(changes, B), 'B3,C', 'from the middle too')
  assert.equal(follow(changes, C), 'C')
  const trusted = followKeyChanges(verifier(changes, A), changes)
  assert.deepEqual(
    [1, 2, 4].map(size => verifiersOf(trusted, size).length),
    [3, 2, 1],
  )
})

t.test('what is not signed by the key before, or not shown to be in the log, leads nowhere', async () => {
  assert.equal(follow(told([{ by: STRANGER, to: STRANGER }], STRANGER)), 'A', 'forged')
  assert.equal(follow(told([{ by: B, to: B, lost: true }], B)), 'A', 'lost: nobody before signed it')
  assert.equal(follow(told([{ by: A, to: B, lost: true }], B)), 'A', 'it says that it is lost')
  assert.equal(
    follow(
      told(
        [
          { by: A, to: B },
          { by: C, to: C, lost: true },
        ],
        C,
      ),
    ),
    'A',
    'the newest is another',
  )
  assert.equal(follow(told([{ by: A, to: B }], A)), 'A', 'the key before signed the checkpoint')
  const good = told([{ by: A, to: B }], B)
  const [change] = good.changes
  const bent = (proof: object, line = change!.line) => ({
    ...good,
    changes: [{ line, proof: { ...change!.proof, ...proof } }],
  })
  for (const wrong of [
    bent({ index: 0 }),
    bent({ size: 2 }),
    bent({ proof: [] }),
    bent({ checkpoint: 'none' }),
    bent({}, change!.line.replace('applied', 'refused')),
    bent({}, 'none'),
    { ...good, log: 'f'.repeat(64) },
    { ...good, environment: 'staging' },
  ])
    assert.equal(followKeyChanges(verifier(good, A), wrong).length, 1)
})
