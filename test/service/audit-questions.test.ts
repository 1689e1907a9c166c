// What is said where a question cannot be answered whole: too many entries for one request, a definition that was changed
// while its flag was killed, an entry that cannot be read.

import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { decideKill } from '../../src/domain/flip/kill.js'
import type { Draft } from '../../src/domain/log/audit.js'
import { Insights } from '../../src/domain/log/insights.js'
import { INITIAL } from '../../src/domain/state.js'
import { EntryIndex } from '../../src/log/index/entry-index.js'
import { AuditQueries } from '../../src/log/index/query.js'
import { Journal } from '../../src/log/journal/journal.js'
import type { LogState } from '../../src/log/state.js'
import { AuditQuestions } from '../../src/service/audit-questions.js'
import { PastFlags } from '../../src/service/flags-then.js'
import { aCatalogue, aFlag, after, at, killOf, loaded, NOW } from '../support/domain.js'
import { longStory } from '../support/long-story.js'
import { testdir } from '../support/testdir.js'

const signal = new AbortController().signal
const clock = () => NOW + 365 * 86_400_000

/** As much of a log as these questions ask: what is on this disk. */
async function onDisk(t: Test, entries: Parameters<Journal['append']>[0]): Promise<LogState> {
  const journal = await Journal.open({ folder: testdir(t) })
  const index = await EntryIndex.open(journal)
  t.after(async () => {
    await index.close()
    await journal.close()
  })
  await journal.append(entries)
  return { find: new AuditQueries(journal, index) } as unknown as LogState
}

t.test('a count of more entries than one request goes over says from when on it was counted', async t => {
  const entries = longStory(300, 3)
  const questions = new AuditQuestions(await onDisk(t, entries), clock, 40)
  const { total, cut } = await questions.counts({}, 'action', 'any', signal)
  const oldest = entries.at(-40)?.entry.at as string
  assert.equal(total, 40)
  assert.match(cut ?? '', /^More entries match than one request counts: these are the newest 40, since /)
  assert.ok(cut?.includes(oldest), cut)
  const before = await questions.counts({ until: oldest }, 'action', 'any', signal)
  assert.ok(before.total > 0)
  const few = await questions.counts({ action: 'incident.declared' }, 'action', 'any', signal)
  assert.equal(few.cut, undefined)
})

t.test('the value of a flag at a time', async t => {
  const first = aFlag('ai_v1')
  const moved = aFlag('ai_v1', { variants: { on: true, off: 'other' } })
  const loads = (minutes: number, ...flags: (typeof first)[]): Draft =>
    loaded(aCatalogue(...flags), minutes * 60)
  const begun = after(INITIAL, loads(0, first, aFlag('kyc_v1')))
  const kill = decideKill(begun.state, killOf('ai_v1', { now: NOW + 60_000 }))
  const rest = after(begun.state, ...kill.drafts, loads(2, moved), loads(3, aFlag('kyc_v1')))
  const past = new PastFlags(await onDisk(t, [...begun.entries, ...rest.entries]), clock)
  const flagAt = async (minutes: number) => {
    const { flags } = await past.at(at(minutes * 60), signal)
    const found = flags.find(flag => flag.key === 'ai_v1')
    return found && [found.killed, found.value, found.unknown]
  }
  assert.deepEqual(await flagAt(0.5), [false, true, undefined])
  assert.deepEqual(await flagAt(1), [true, false, undefined])
  const [isKilled, value, unknown] = (await flagAt(2)) ?? []
  assert.deepEqual([isKilled, value], [true, undefined])
  assert.match(String(unknown), /changed while it was killed/)
  assert.deepEqual(await flagAt(3), [true, false, 'The catalogue then had it no more; a hold kept it.'])
  const { flags, unknown: ofAll } = await past.at(at(180), signal)
  assert.deepEqual([flags.map(flag => flag.key).sort(), ofAll], [['ai_v1', 'kyc_v1'], []])
})

t.test('times have their median and what nine of ten did not exceed; none is no zero', async () => {
  const insights = new Insights()
  const kill = { at: at(0), action: 'kill', outcome: 'applied', application: 'trustflow' } as const
  const who = { actor: 'ana', role: 'operator', via: 'api' } as const
  for (let ms = 1; ms <= 10; ms++) insights.take({ ...kill, ...who, proofMs: ms * 100 })
  const [found] = insights.result()
  assert.deepEqual(found?.killToProof, {
    ...{ count: 10, unknown: 0, minMs: 100 },
    ...{ medianMs: 550, p90Ms: 900, maxMs: 1000 },
  })
  assert.deepEqual(found?.killToRestore, { count: 0, unknown: 10 })
})
