import assert from 'node:assert/strict'
import t from 'tap'
import type { Entry } from '../../src/domain/log/audit.js'
import { decodeCursor, encodeCursor } from '../../src/domain/log/audit-cursor.js'
import { factsOf } from '../../src/domain/log/audit-facts.js'
import {
  type AuditFilter,
  clausesOf,
  digestOf,
  matches,
  termsOf,
  toCriteria,
  wordsOf,
} from '../../src/domain/log/audit-query.js'
import { chainOf } from '../support/entries.js'

const entry: Entry = {
  ...chainOf({ count: 1 })[0]!.entry,
  at: '2026-11-20T03:00:00.000Z',
  action: 'step.run',
  outcome: 'applied',
  actor: { id: 'ana', role: 'operator', via: 'api' },
  flag: 'kyc_v1',
  flags: ['ai_v1', 'pilot.enabled'],
  incident: 'INC-7',
  runbook: { id: 'trustflow', digest: 'd' },
  step: { id: 'trustflow/ai-instability/3', code: 'fkzet' },
  offRunbook: true,
  reason: 'Provider TIMEOUT: ai_v1 fällt aus (SEV-1), 障害発生',
}

const YES: AuditFilter[] = [
  {},
  { flag: 'ai_v1' },
  { flag: 'kyc_v1' },
  { flag: ['nothing', 'pilot.enabled'] },
  { actor: 'ana', role: 'operator', incident: 'INC-7', runbook: 'trustflow' },
  { step: 'trustflow/ai-instability/3' },
  { step: 'trustflow/ai-instability' },
  { step: 'trustflow/ai-instability/' },
  { step: 'trustflow' },
  { step: 'fkzet' },
  { action: 'step.run', outcome: ['refused', 'applied'] },
  { reason: 'timeout' },
  { reason: 'timeout provider' },
  { reason: 'FÄLLT' },
  { reason: 'ai_v1' },
  { reason: 'sev 1' },
  { reason: '障害' },
  { reason: ['nowhere', 'provider, timeout!'] },
  { offRunbook: true },
  { since: '2026-11-20T03:00:00Z' },
  { since: '2026-11-20T04:00:00+01:00', until: '2026-11-20T03:00:00.001Z' },
]

const NO: AuditFilter[] = [
  { flag: 'ai' },
  { actor: 'An' },
  { flag: 'ai_v1', actor: 'bo' },
  { step: 'trustflow/ai' },
  { step: 'ai-instability/3' },
  { step: 'trustflow/ai-instability/3/1' },
  { reason: 'provider nowhere' },
  { reason: 'time' },
  { reason: ['provider nowhere', 'timeout never'] },
  { offRunbook: false },
  { since: '2026-11-20T03:00:00.001Z' },
  { until: '2026-11-20T03:00:00.000Z' },
]

t.test('what matches an entry, and what does not', async () => {
  for (const filter of YES) assert.ok(matches(toCriteria(filter), factsOf(entry)), JSON.stringify(filter))
  for (const filter of NO) assert.ok(!matches(toCriteria(filter), factsOf(entry)), JSON.stringify(filter))
})

t.test('an entry that matches has a term of every clause', async () => {
  const terms = termsOf(factsOf(entry))
  assert.equal(new Set(terms).size, terms.length)
  for (const filter of YES)
    for (const clause of clausesOf(toCriteria(filter)))
      assert.ok(
        clause.some(term => terms.includes(term)),
        `${JSON.stringify(filter)}: ${clause.join(' ')}`,
      )
})

t.test('an entry without marks is found by offRunbook false, and by no value it has not', async () => {
  const bare = { ...entry }
  for (const name of ['flag', 'flags', 'incident', 'step', 'offRunbook', 'reason'] as const) delete bare[name]
  assert.ok(matches(toCriteria({ offRunbook: false }), factsOf(bare)))
  for (const filter of [
    { flag: 'undefined' },
    { incident: 'undefined' },
    { step: 'undefined' },
    { reason: 'x' },
  ])
    assert.ok(!matches(toCriteria(filter), factsOf(bare)))
})

t.test('words: composed or not, in any case, without punctuation', async () => {
  assert.deepEqual(wordsOf('  A\u0308RGER--5xx_rate;ﬁx\n42 '), ['ärger', '5xx_rate', 'fix', '42'])
  assert.deepEqual(wordsOf('...'), [])
  assert.deepEqual(wordsOf('API障害'), ['api', '障', '害'])
})

t.test('what can mean nothing is malformed', async () => {
  const wrong: AuditFilter[] = [
    { flag: '' },
    { flag: [] },
    { reason: '!!!' },
    { reason: ['ok', '...'] },
    { since: 'yesterday' },
    { until: '2026-13-40T00:00:00Z' },
    { since: '5' },
  ]
  for (const filter of wrong)
    assert.throws(() => toCriteria(filter), { code: 'malformed-request' }, JSON.stringify(filter))
})

t.test('the same question has the same digest however it is written, another one has another', async () => {
  const digest = (filter: AuditFilter) => digestOf(toCriteria(filter), 'newest')
  assert.equal(digest({ flag: ['b', 'a', 'a'] }), digest({ flag: ['a', 'b'] }))
  assert.equal(digest({ reason: 'Timeout provider' }), digest({ reason: 'provider  timeout' }))
  assert.equal(digest({ since: '2026-11-20T04:00:00+01:00' }), digest({ since: '2026-11-20T03:00:00Z' }))
  const all = [...YES, ...NO].map(digest)
  assert.ok(new Set(all).size >= all.length - 1) // `trustflow/ai-instability` with and without its slash
  assert.notEqual(digestOf(toCriteria({}), 'newest'), digestOf(toCriteria({}), 'oldest'))
  assert.notEqual(digest({ since: '2026-11-20T03:00:00Z' }), digest({ until: '2026-11-20T03:00:00Z' }))
})

t.test('a cursor comes back as it was, and is refused with another query, order or log', async () => {
  const digest = digestOf(toCriteria({ flag: 'ai_v1' }), 'newest')
  const asked = { order: 'newest', digest, log: 'abcdef0123456789' } as const
  for (const place of [0, 1, 2 ** 32 * 5 + 77, Number.MAX_SAFE_INTEGER]) {
    const text = encodeCursor({ ...asked, place })
    assert.match(text, /^[\w-]+$/)
    assert.equal(decodeCursor(text, asked).place, place)
  }
  const text = encodeCursor({ ...asked, place: 9 })
  const refused = { code: 'malformed-request' }
  assert.throws(() => decodeCursor(text, { ...asked, digest: 'AAAAAAAAAAAA' }), refused)
  assert.throws(() => decodeCursor(text, { ...asked, order: 'oldest' }), refused)
  assert.throws(() => decodeCursor(text, { ...asked, log: 'ffff' }), refused)
  for (const wrong of ['', 'x', 'bm8', text.slice(2), `${text}AAAA`, '🙂'])
    assert.throws(() => decodeCursor(wrong, asked), refused, wrong)
  // given while the log was empty: good for the log that began since
  assert.equal(decodeCursor(encodeCursor({ ...asked, log: '', place: 0 }), asked).place, 0)
})
