import assert from 'node:assert/strict'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Entry, placeOf, type SealedEntry } from '../../../src/domain/log/audit.js'
import { type AuditFilter, type Order, wordsOf } from '../../../src/domain/log/audit-query.js'
import { EntryIndex } from '../../../src/log/index/entry-index.js'
import { AuditQueries } from '../../../src/log/index/query.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { collect } from '../../support/collect.js'
import { chainOf } from '../../support/entries.js'
import { aKey } from '../../support/keys.js'
import { type Teardown, testdir } from '../../support/testdir.js'

async function opened(t: Teardown, entries: readonly SealedEntry[] = []) {
  const journal = await Journal.open({ folder: testdir(t), segmentBytes: 40_000 })
  const index = await EntryIndex.open(journal)
  await journal.append(entries)
  const close = async () => {
    await index.close()
    await journal.close()
  }
  return { journal, queries: new AuditQueries(journal, index), close }
}

async function during(t: Test, entries: readonly SealedEntry[]) {
  const all = await opened(t, entries)
  t.after(all.close)
  return all
}

const list = <T>(value: T | readonly T[] | undefined): readonly T[] | undefined =>
  value === undefined || Array.isArray(value) ? (value as readonly T[] | undefined) : [value as T]

/** What the filter means, written down once more and without any cleverness. */
function isMeant(filter: AuditFilter, entry: Entry): boolean {
  const any = (wanted: string | readonly string[] | undefined, has: (value: string) => boolean) =>
    list(wanted)?.some(has) ?? true
  return (
    any(filter.flag, flag => entry.flag === flag || (entry.flags ?? []).includes(flag)) &&
    any(filter.actor, actor => entry.actor.id === actor) &&
    any(filter.role, role => entry.actor.role === role) &&
    any(filter.incident, incident => entry.incident === incident) &&
    any(filter.runbook, runbook => entry.runbook?.id === runbook) &&
    any(filter.step, step => entry.step?.code === step || `${entry.step?.id}/`.startsWith(`${step}/`)) &&
    any(filter.action, action => entry.action === action) &&
    any(filter.outcome, outcome => entry.outcome === outcome) &&
    any(filter.reason, reason => wordsOf(reason).every(word => wordsOf(entry.reason ?? '').includes(word))) &&
    (filter.offRunbook === undefined || filter.offRunbook === (entry.offRunbook ?? false)) &&
    (filter.since === undefined || Date.parse(entry.at) >= Date.parse(filter.since)) &&
    (filter.until === undefined || Date.parse(entry.at) < Date.parse(filter.until))
  )
}

const some = <T>(...values: T[]) =>
  fc.oneof(fc.constantFrom(...values), fc.subarray(values, { minLength: 1, maxLength: 2 }))
const time = fc
  .integer({ min: -100, max: 1000 })
  .map(s => new Date(Date.parse('2026-11-20T03:00:00Z') + s * 1000).toISOString())
const filters: fc.Arbitrary<AuditFilter> = fc.record(
  {
    flag: some('ai_v1', 'kyc_v1', 'pilot.enabled', 'not.there'),
    actor: some('ana', 'bo', 'chidi'),
    role: some('operator', 'engineer'),
    incident: some('INC-1', 'INC-2', 'INC-13'),
    runbook: some('trustflow', 'pilot'),
    step: some('trustflow', 'pilot/ai-instability', 'trustflow/ai-instability/2', 'trustflow/ai'),
    action: some('kill', 'restore', 'step.run'),
    outcome: some('applied', 'unchanged', 'refused'),
    reason: some('provider', 'timeout provider', 'ärger', 'SEV-1', '障', 'errors again'),
    offRunbook: fc.boolean(),
    since: time,
    until: time,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<AuditFilter>
// few fields at a time, so that most filters find something
const filter = fc
  .tuple(
    filters,
    fc.subarray(
      [
        'flag',
        'actor',
        'step',
        'reason',
        'since',
        'until',
        'offRunbook',
        'outcome',
        'incident',
        'role',
        'runbook',
        'action',
      ],
      { maxLength: 3 },
    ),
  )
  .map(
    ([all, keep]) =>
      Object.fromEntries(Object.entries(all).filter(([key]) => keep.includes(key))) as AuditFilter,
  )
  // the other way round is refused, which is asserted where it is
  .filter(({ since, until }) => since === undefined || until === undefined || since <= until)

const LOG = chainOf({ count: 900, seed: 11 })

t.test(
  'any filter, order and page size, while the log grows: each match once, in order, as a plain filter finds them',
  async () => {
    const actions = fc.array(
      fc.record({ limit: fc.integer({ min: 1, max: 60 }), grow: fc.integer({ min: 0, max: 40 }) }),
      { minLength: 1, maxLength: 12 },
    )
    const property = fc.asyncProperty(
      filter,
      fc.constantFrom<Order>('newest', 'oldest'),
      fc.integer({ min: 0, max: 600 }),
      actions,
      async (asked, order, start, turns) => {
        const ends: (() => void | Promise<void>)[] = []
        const { journal, queries, close } = await opened(
          { after: done => ends.push(done) },
          LOG.slice(0, start),
        )
        try {
          const found: string[] = []
          let cursor: string | undefined
          for (let turn = 0; ; turn++) {
            const { limit, grow } = turns[turn % turns.length]!
            const page = await queries.query(asked, { order, limit, ...(cursor ? { cursor } : {}) })
            assert.ok(page.entries.length <= limit)
            assert.equal(order === 'oldest' || page.more, page.next !== undefined)
            found.push(...page.entries.map(({ line }) => line))
            cursor = page.next
            const to = turn < turns.length ? Math.min(journal.head.seq + grow, LOG.length) : journal.head.seq
            await journal.append(LOG.slice(0, to))
            if (!page.more && (order === 'newest' || turn >= turns.length)) break
          }
          // newest first is pinned to what there was; oldest first follows
          const seen = LOG.slice(0, order === 'newest' ? start : journal.head.seq)
          const expected = seen.filter(({ entry }) => isMeant(asked, entry)).map(({ line }) => line)
          assert.deepEqual(found, order === 'newest' ? expected.reverse() : expected)
        } finally {
          await close()
          for (const end of ends) await end()
        }
      },
    )
    await fc.assert(property, { numRuns: 150 })
  },
)

t.test('the filters used above find something often enough to mean anything', async () => {
  const found = fc
    .sample(filter, { numRuns: 300, seed: 1 })
    .map(asked => LOG.filter(({ entry }) => isMeant(asked, entry)).length)
  assert.ok(found.filter(count => count > 0 && count < LOG.length).length > 150)
})

t.test('a stream brings every match there was at its start, in either order', async t => {
  const { journal, queries } = await during(t, LOG.slice(0, 800))
  for (const asked of [{}, { flag: 'ai_v1' }, { reason: 'provider', outcome: 'refused' }] as AuditFilter[]) {
    const expected = LOG.slice(0, 800).filter(({ entry }) => isMeant(asked, entry))
    const up = await collect(queries.stream(asked, 'oldest'))
    const down = await collect(queries.stream(asked, 'newest'))
    assert.deepEqual(
      up.map(({ line }) => line),
      expected.map(({ line }) => line),
    )
    assert.deepEqual(down.reverse(), up)
  }
  const stream = queries.stream({}, 'oldest')
  await stream.next()
  await journal.append(LOG)
  assert.equal((await collect(stream)).length, 799)
})

t.test('a query starts from its rarest filter', async t => {
  const entries = chainOf({
    count: 900,
    with: (draft, at) => ({ ...draft, flag: at % 300 === 7 ? 'rare' : 'common' }),
  })
  const { queries } = await during(t, entries)
  const { entries: found, examined } = await queries.query(
    { flag: 'rare', action: ['kill', 'restore', 'step.run'] },
    { order: 'newest' },
  )
  assert.equal(found.length, 3)
  assert.equal(examined, 3)
})

t.test('no request examines more than its share: pages are short, and go on', async t => {
  const entries = chainOf({ count: 6000, with: (draft, at) => ({ ...draft, offRunbook: at !== 20 }) })
  const { queries } = await during(t, entries)
  const pages: number[] = []
  let cursor: string | undefined
  do {
    const page = await queries.query(
      { offRunbook: false },
      { order: 'newest', ...(cursor ? { cursor } : {}) },
    )
    assert.ok(page.examined <= 2300, String(page.examined))
    pages.push(page.entries.length)
    cursor = page.next
  } while (cursor !== undefined)
  assert.deepEqual(pages, [0, 0, 1])
})

t.test('long lines make short pages', async t => {
  const entries = chainOf({ count: 20, with: draft => ({ ...draft, reason: 'x'.repeat(1_500_000) }) })
  const { queries } = await during(t, entries)
  const page = await queries.query({}, { order: 'oldest' })
  assert.ok(page.entries.length < 10)
  assert.ok(page.more)
  assert.equal((await collect(queries.stream({}, 'newest'))).length, 20)
})

t.test('oldest first goes on from the end of the log, an empty one as well', async t => {
  const { journal, queries } = await during(t, [])
  const empty = await queries.query({ flag: 'ai_v1' }, { order: 'oldest' })
  assert.deepEqual([empty.entries, empty.more], [[], false])
  await journal.append(LOG.slice(0, 100))
  const first = await queries.query({ flag: 'ai_v1' }, { order: 'oldest', limit: 500, cursor: empty.next! })
  const again = await queries.query({ flag: 'ai_v1' }, { order: 'oldest', cursor: first.next! })
  assert.deepEqual([again.entries, again.examined], [[], 0])
  await journal.append(LOG.slice(0, 200))
  const rest = await queries.query({ flag: 'ai_v1' }, { order: 'oldest', limit: 500, cursor: again.next! })
  const expected = LOG.slice(0, 200).filter(({ entry }) => isMeant({ flag: 'ai_v1' }, entry))
  assert.deepEqual(
    [...first.entries, ...rest.entries].map(({ place }) => place),
    expected.map(({ entry }) => placeOf(entry)),
  )
})

t.test('entries are found by their own hours where the log was dated anew', async t => {
  const start = Date.parse('2026-11-20T03:00:00Z')
  const hour = (second: number) => new Date(start + second * 1000).toISOString()
  // twice a clock is ahead for a while, and once an owner's act changes nothing
  const entries = chainOf({
    count: 300,
    with: (draft, index) => {
      const ahead = (index > 60 && index < 120) || (index > 150 && index < 155) ? 500 : 0
      const anew = [120, 155, 200].includes(index)
        ? { action: 'log.redated' as const, outcome: 'applied' as const }
        : {}
      return { ...draft, ...anew, receivedAt: hour(index + ahead) }
    },
  })
  const { queries } = await during(t, entries)
  const hours = [-5, 61, 119, 121, 299, 561, 619, 655].map(hour)
  for (const since of hours)
    for (const until of hours.filter(each => each >= since))
      for (const filter of [{ since }, { until }, { since, until }]) {
        const found = await collect(queries.stream(filter, 'oldest'))
        const meant = entries.filter(({ entry }) => isMeant(filter, entry)).map(({ entry }) => placeOf(entry))
        assert.deepEqual(
          found.map(({ place }) => place),
          meant,
          JSON.stringify(filter),
        )
      }
})

t.test('a cursor of another query, a limit out of bounds and an empty filter are malformed', async t => {
  const { queries } = await during(t, LOG.slice(0, 100))
  const { next } = await queries.query({ actor: 'ana' }, { order: 'newest', limit: 1 })
  const malformed = { code: 'malformed-request' }
  await assert.rejects(queries.query({ actor: 'bo' }, { order: 'newest', cursor: next! }), malformed)
  await assert.rejects(queries.query({ actor: 'ana' }, { order: 'oldest', cursor: next! }), malformed)
  for (const limit of [0, 501, 1.5, Number.NaN])
    await assert.rejects(queries.query({}, { order: 'newest', limit }), malformed)
  await assert.rejects(queries.query({ flag: '' }, { order: 'newest' }), malformed)
})

t.test('one entry by its place', async t => {
  const { queries } = await during(t, LOG.slice(0, 50))
  const { entry, line, hash } = LOG[20]!
  assert.deepEqual(await queries.entry(21), { place: 21, entry, line, hash })
  assert.equal(await queries.entry(51), undefined)
})

t.test('a flag of any key is found with its own entries alone', async t => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(aKey, { minLength: 2, maxLength: 8 }), async keys => {
      const entries = chainOf({
        count: 40,
        with: (draft, index) => ({ ...draft, flags: [], flag: keys[index % keys.length]! }),
      })
      const { queries, close } = await opened(t, entries)
      for (const key of keys) {
        const found = await collect(queries.stream({ flag: key }, 'oldest'))
        assert.deepEqual(
          found.map(({ line }) => line),
          entries.filter(({ entry }) => entry.flag === key).map(({ line }) => line),
          key,
        )
      }
      await close()
    }),
    { numRuns: 25 },
  )
})
