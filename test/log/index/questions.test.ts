// Filters and counts are what a scan of the whole log finds, and read no more of it than they answer with.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { placeOf, type SealedEntry } from '../../../src/domain/log/audit.js'
import { type Grouping, MOST_GROUPS, Tally } from '../../../src/domain/log/audit-counts.js'
import type { AuditFilter } from '../../../src/domain/log/audit-query.js'
import { Insights } from '../../../src/domain/log/insights.js'
import { EntryIndex } from '../../../src/log/index/entry-index.js'
import { AuditQueries } from '../../../src/log/index/query.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { collect } from '../../support/collect.js'
import { chainOf } from '../../support/entries.js'
import {
  ACTORS,
  APPLICATIONS,
  FLAGS,
  INCIDENTS,
  IPS,
  longStory,
  SEVERITIES,
} from '../../support/long-story.js'
import { Naive } from '../../support/naive-audit.js'
import { testdir } from '../../support/testdir.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

async function opened(t: Test, entries: readonly SealedEntry[], lot = entries.length) {
  const journal = await Journal.open({ folder: testdir(t), segmentBytes: 200_000 })
  const index = await EntryIndex.open(journal)
  t.after(async () => {
    await index.close()
    await journal.close()
  })
  for (let to = lot; ; to += lot) {
    await journal.append(entries.slice(0, to))
    await index.reached(placeOf(journal.head))
    if (to >= entries.length) break
  }
  return { journal, index, queries: new AuditQueries(journal, index) }
}

const rowsOf = async (queries: AuditQueries, filter: AuditFilter) =>
  (await collect(queries.rows(filter, { order: 'oldest' }))).flat()

const some = <T>(values: readonly T[]) =>
  fc.oneof(fc.constantFrom(...values), fc.subarray([...values], { minLength: 1, maxLength: 2 }))
const hour = fc
  .integer({ min: -10, max: 700 })
  .map(h => new Date(Date.UTC(2026, 10, 20, 3 + h)).toISOString())
const ASKED = {
  flag: some(FLAGS),
  actor: some([...ACTORS, 'killswitch']),
  role: some(['operator', 'engineer'] as const),
  incident: some(INCIDENTS),
  step: some(['trustflow', 'trustflow/ai-instability/2', 'stepc']),
  action: some(['kill', 'restore', 'incident.declared', 'flip.confirmed', 'step.run'] as const),
  outcome: some(['applied', 'unchanged', 'refused'] as const),
  application: some([...APPLICATIONS, 'other']),
  severity: some([...SEVERITIES, 'sev1']),
  ip: some([...IPS, '10.0.0.1']),
  reason: some(['provider', 'disable it', '障']),
  offRunbook: fc.boolean(),
  drill: fc.boolean(),
  forced: fc.boolean(),
  confirmed: fc.boolean(),
  withinWait: fc.boolean(),
  withoutStep: fc.boolean(),
  withoutEvidence: fc.boolean(),
  since: hour,
  until: hour,
}
type Name = keyof typeof ASKED
const filter = fc
  .tuple(fc.record(ASKED), fc.subarray(Object.keys(ASKED) as Name[], { maxLength: 3 }))
  .map(([all, keep]) => Object.fromEntries(keep.map(name => [name, all[name]])) as AuditFilter)
  .filter(({ since, until }) => since === undefined || until === undefined || since <= until)

t.test(`every filter finds what a scan of the whole log finds (seed ${SEED})`, async t => {
  for (const [at, lot] of [1000, 7, 60].entries()) {
    const entries = longStory(400, SEED + at)
    const { queries } = await opened(t, entries, lot)
    const naive = new Naive(entries.map(({ entry }) => entry))
    const expect = (asked: AuditFilter) =>
      entries.filter(({ entry }) => naive.matches(asked, entry)).map(({ entry }) => placeOf(entry))
    const found = new Set<string>()
    const check = async (asked: AuditFilter) => {
      const meant = expect(asked)
      const what = JSON.stringify(asked)
      assert.deepEqual(
        (await rowsOf(queries, asked)).map(({ place }) => place),
        meant,
        what,
      )
      const page = await queries.query(asked, { order: 'newest', limit: 30 })
      assert.deepEqual(
        page.entries.map(({ place }) => place),
        meant.reverse().slice(0, 30),
        what,
      )
      if (meant.length > 0 && meant.length < entries.length)
        for (const [name, value] of Object.entries(asked)) found.add(`${name}=${value}`)
    }
    for (const name of ['offRunbook', 'drill', 'confirmed', 'withoutStep', 'withoutEvidence'] as const)
      for (const value of [true, false]) await check({ [name]: value })
    for (const severity of SEVERITIES) await check({ severity })
    for (const application of APPLICATIONS) await check({ application })
    await fc.assert(fc.asyncProperty(filter, check), { numRuns: 120, seed: SEED })
    assert.ok(found.has('drill=true') && found.has('confirmed=false') && found.has('withoutEvidence=true'))
  }
})

t.test('closes by force and restores within a wait are among what is found', async t => {
  const entries = longStory(1500, 5)
  const { queries } = await opened(t, entries)
  for (const asked of [{ forced: true }, { forced: false }, { withinWait: true }, { withinWait: false }])
    assert.ok((await rowsOf(queries, asked)).length > 0, JSON.stringify(asked))
})

t.test(`every count is that of a scan of the whole log (seed ${SEED})`, async t => {
  const entries = longStory(500, SEED)
  const { queries } = await opened(t, entries, 90)
  const naive = new Naive(entries.map(({ entry }) => entry))
  const VALUES: Record<Grouping, (entry: SealedEntry['entry']) => (string | undefined)[]> = {
    flag: ({ flag, flags = [] }) => (flag === undefined ? flags : [flag]),
    step: ({ step }) => [step?.id],
    actor: ({ actor }) => [actor.id],
    action: ({ action }) => [action],
    outcome: ({ outcome }) => [outcome],
    application: entry => naive.applications(entry),
    incident: entry => naive.incidentsOf(entry),
    severity: entry => [naive.severity(entry)],
    day: ({ at }) => [at.split('T')[0]],
    month: ({ at }) => [at.split('-').slice(0, 2).join('-')],
  }
  const groupings = fc.subarray(Object.keys(VALUES) as Grouping[], { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(filter, groupings, async (asked, by) => {
      const expected = new Map<string, number>()
      const matching = entries.map(({ entry }) => entry).filter(entry => naive.matches(asked, entry))
      for (const entry of matching) {
        const [first = [null], second = [null], third = [null]] = by.map(name => {
          const values = VALUES[name](entry).filter(value => value !== undefined)
          return values.length > 0 ? [...new Set(values)] : [null]
        })
        for (const one of first)
          for (const two of second)
            for (const three of third) {
              const key = JSON.stringify([one, two, three].slice(0, by.length))
              expected.set(key, (expected.get(key) ?? 0) + 1)
            }
      }
      const tally = new Tally(by)
      for (const { facts } of await rowsOf(queries, asked)) tally.take(facts)
      const { groups, total, moreGroups } = tally.result(10_000)
      assert.deepEqual([total, moreGroups], [matching.length, 0])
      assert.deepEqual(
        groups.map(group => `${JSON.stringify(by.map(name => group[name]))} ${group.count}`).sort(),
        [...expected].map(([group, count]) => `${group} ${count}`).sort(),
      )
    }),
    { numRuns: 150, seed: SEED },
  )
})

t.test('of more groups than one answer has the largest are shown, and the rest is counted', async () => {
  const tally = new Tally(['actor'])
  for (const { entry } of chainOf({
    count: 3 * MOST_GROUPS,
    with: (draft, at) => ({
      ...draft,
      actor: { ...draft.actor, id: at % 3 === 0 ? 'often' : `actor-${at}` },
    }),
  }))
    tally.take({ ...entry, actor: entry.actor.id, role: entry.actor.role, via: 'api' } as never)
  const { total, groups, moreGroups, inMoreGroups } = tally.result()
  assert.deepEqual(groups[0], { actor: 'often', count: MOST_GROUPS })
  assert.deepEqual([total, groups.length], [3 * MOST_GROUPS, MOST_GROUPS])
  assert.deepEqual([moreGroups, inMoreGroups], [2 * MOST_GROUPS + 1 - MOST_GROUPS, MOST_GROUPS + 1])
})

t.test(`insights are those of a scan of the whole log (seed ${SEED})`, async t => {
  const entries = longStory(500, SEED + 9)
  const { queries } = await opened(t, entries, 33)
  const all = entries.map(({ entry }) => entry)
  const naive = new Naive(all)
  const insights = new Insights()
  for (const { facts } of await rowsOf(queries, { outcome: 'applied' })) insights.take(facts)
  const median = (ms: number[]) => {
    const sorted = ms.sort((a, b) => a - b)
    const half = sorted.length / 2
    return sorted.length % 2 === 1
      ? sorted[Math.floor(half)]
      : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2
  }
  const found = insights.result()
  assert.ok(found.length > 1)
  for (const { month, application, ...each } of found) {
    const isThen = ({ at }: { at: string }) => at.startsWith(month)
    const kills = all.filter(
      entry =>
        entry.action === 'kill' &&
        entry.outcome === 'applied' &&
        isThen(entry) &&
        entry.application === application,
    )
    assert.equal(each.kills, kills.length)
    const proofs = kills.flatMap(kill => naive.proofMs(kill) ?? [])
    assert.equal(each.killToProof.count, proofs.length)
    assert.equal(each.killToProof.unknown, kills.length - proofs.length)
    assert.equal(each.killToProof.medianMs, proofs.length === 0 ? undefined : median(proofs))
    assert.equal(each.killToProof.maxMs, proofs.length === 0 ? undefined : Math.max(...proofs))
    const kept = kills.filter(kill => !naive.end(kill)?.undo)
    assert.equal(each.undone, kills.length - kept.length)
    const restores = kept.flatMap(kill => {
      const end = naive.end(kill)
      return end === undefined ? [] : [Date.parse(end.at) - Date.parse(kill.at)]
    })
    assert.equal(each.killToRestore.count, restores.length)
    assert.equal(each.killToRestore.unknown, kept.length - restores.length)
    assert.equal(each.killToRestore.minMs, restores.length === 0 ? undefined : Math.min(...restores))
    const declared = all.filter(
      entry => entry.action === 'incident.declared' && entry.outcome === 'applied' && isThen(entry),
    )
    const times = declared.flatMap(entry => {
      const own = naive.killsOf(entry.incident as string)
      if (application === null) return own.length === 0 ? [undefined] : []
      const its = own.filter(kill => kill.application === application)
      return its.length === 0
        ? []
        : [Math.min(...its.map(kill => Date.parse(kill.at))) - Date.parse(entry.at)]
    })
    const known = times.filter(ms => ms !== undefined)
    assert.equal(each.incidents, times.length)
    assert.equal(each.declaredToKill.unknown, times.length - known.length)
    assert.equal(each.declaredToKill.before ?? 0, known.filter(ms => ms < 0).length)
    assert.equal(each.declaredToKill.count, known.filter(ms => ms >= 0).length)
  }
})

t.test('a page of a long log reads no more entries than it has, and a count reads none', async t => {
  const entries = chainOf({
    count: 10_000,
    with: (draft, at) => ({ ...draft, flag: at % 2 === 0 ? 'ai_v1' : 'kyc_v1', flags: [] }),
  })
  const { journal, queries } = await opened(t, entries)
  let read = 0
  const readAt = journal.readAt.bind(journal)
  journal.readAt = locations => {
    read += locations.length
    return readAt(locations)
  }
  for (const asked of [{}, { flag: 'ai_v1' }, { flag: 'ai_v1', outcome: 'refused' }] as AuditFilter[])
    for (const order of ['newest', 'oldest'] as const)
      for (const limit of [1, 50, 500]) {
        read = 0
        const page = await queries.query(asked, { order, limit })
        assert.ok(page.more)
        assert.deepEqual([page.entries.length, read], [limit, limit], JSON.stringify([asked, order]))
      }
  read = 0
  const tally = new Tally(['flag', 'actor', 'day'])
  for (const { facts } of await rowsOf(queries, {})) tally.take(facts)
  assert.deepEqual([tally.result().total, read], [10_000, 0])
})
