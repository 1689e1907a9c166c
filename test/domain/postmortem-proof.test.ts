// What a post-mortem, its timeline and the summaries of entries say of the app instances: never more than the log does.

import assert from 'node:assert/strict'
import t from 'tap'
import { fleetWords } from '../../src/domain/fleet/fleet-words.js'
import { postmortemOf } from '../../src/domain/incident/postmortem.js'
import { timelineOf } from '../../src/domain/incident/timeline.js'
import type { Draft } from '../../src/domain/log/audit.js'
import { sentenceOf } from '../../src/domain/log/sentence.js'
import { bullets, markdownOf } from '../../src/text/markdown.js'
import type { Confirmation } from '../../src/wire/entry.js'
import { aFlag, aRequest, at, stateWith } from '../support/domain.js'
import { Story } from '../support/incidents.js'

const service = { id: 'killswitch', role: 'owner', via: 'service' } as const
const people = { id: 'olga', role: 'operator', via: 'cli' } as const

/** A kill of INC-1, its declaration, and what was written after them. */
function story(...drafts: ((kill: number) => Partial<Draft>)[]) {
  const told = new Story(stateWith(aFlag('ai_v1')))
  const [kill] = told.kill('ai_v1', 'INC-1')
  told.declare({}, 1)
  for (const [index, draft] of drafts.entries())
    told.take(
      () => ({
        drafts: [
          {
            outcome: 'applied',
            actor: service,
            receivedAt: at(120 + index),
            request: aRequest(),
            ...draft(kill?.seq as number),
          } as Draft,
        ],
      }),
      2,
    )
  const source = {
    incident: told.incident,
    entries: told.entries.map(({ entry }) => entry).filter(({ action }) => action !== 'catalogue.loaded'),
    environment: 'test',
    definition: () => aFlag('ai_v1'),
    applications: [],
  }
  const timeline = markdownOf([bullets(timelineOf(source))])
    .trim()
    .split('\n')
  return { text: postmortemOf(source), timeline, entries: source.entries }
}

const proof =
  (action: 'flip.confirmed' | 'flip.unconfirmed', given: Partial<Confirmation>) =>
  (flip: number): Partial<Draft> => ({
    action,
    flag: 'ai_v1',
    application: 'trustflow',
    label: 'Turn ai_v1 off',
    incident: 'INC-1',
    confirmed: {
      ...{ flip, complete: action === 'flip.confirmed', applied: 0, pending: [], lost: [], served: 0 },
      ...given,
    },
  })

const effectIn = (text: string): string | undefined => /^\| `ai_v1` \|.*$/m.exec(text)?.[0].split(' | ')[3]

t.test('the proof of a kill', async t => {
  t.test('is not told where the log has no entry about it', async () => {
    const { text } = story()
    assert.equal(effectIn(text), 'the log does not say who applied it')
    assert.doesNotMatch(text, /no running instance/)
  })

  t.test('is that nobody was known only where an entry says so', async () => {
    const { text } = story(proof('flip.unconfirmed', { of: 0 }))
    assert.match(effectIn(text) ?? '', /^unproven: no running instance of trustflow is known/)
    const refused = story(proof('flip.unconfirmed', { of: 0, because: ['instances-refused'] }))
    assert.match(effectIn(refused.text) ?? '', /more instances of the application than this service takes/)
  })

  t.test('counts and names whoever is missing', async () => {
    const { text, timeline } = story(
      proof('flip.unconfirmed', {
        ...{ of: 5, applied: 2, pending: ['api-3'], lost: ['api-4'], cannotProve: ['old-5'], lastMs: 80 },
      }),
    )
    const said =
      'unconfirmed: 2/5 confirmed by trustflow; not by api-3; lost: api-4. If it still runs, it runs as it last knew; cannot prove it, without receipts of a session: old-5'
    assert.equal(effectIn(text), said)
    assert.ok(timeline.includes(`- 2026-11-20 03:02:00 UTC - \`ai_v1\`: ${said}`), timeline.join('\n'))
    const more = story(proof('flip.unconfirmed', { of: 900, applied: 800, pending: ['api-3'] }))
    assert.match(effectIn(more.text) ?? '', /^unconfirmed: 800\/900 .*; not by api-3 and 99 more$/)
  })

  t.test('is the confirmation, if it came after the minute', async () => {
    const { text, timeline } = story(
      proof('flip.unconfirmed', { of: 2, applied: 1, lost: ['api-2'] }),
      proof('flip.confirmed', { of: 2, applied: 2, lastMs: 240_000 }),
    )
    assert.equal(effectIn(text), '2/2 confirmed by trustflow, the last after 4 min')
    assert.equal(timeline.filter(line => line.includes('confirmed by trustflow')).length, 2, 'both are told')
  })

  t.test('of a log from before sessions is whole only if nobody was lost', async () => {
    const whole = story(proof('flip.confirmed', { applied: 3 }))
    assert.equal(effectIn(whole.text), '3/3 confirmed by trustflow')
    const lost = story(proof('flip.confirmed', { applied: 3, lost: ['api-4'] }))
    assert.match(effectIn(lost.text) ?? '', /^unconfirmed: 3\/4 confirmed by trustflow; lost: api-4/)
    const incomplete = story(proof('flip.confirmed', { complete: false, applied: 1, pending: ['api-2'] }))
    assert.match(effectIn(incomplete.text) ?? '', /^unconfirmed: 1\/2 .*; not by api-2$/)
  })

  t.test('keeps a table a table, whatever an app calls itself', async () => {
    const { text } = story(proof('flip.unconfirmed', { of: 1, pending: ['a | b'] }))
    assert.match(text, /not by a \\\| b \| still killed \|$/m)
  })
})

t.test('what was done about app instances', async t => {
  const forgotten = (incident?: string) => (): Partial<Draft> => ({
    action: 'fleet.forgotten',
    actor: people,
    application: 'trustflow',
    forgotten: ['api-1', 'api-2', 'api-3', 'api-4'].map(instance => ({ id: instance, instance })),
    reason: 'the hosts are gone',
    ...(incident === undefined ? {} : { incident }),
  })
  const reconciled = (incident?: string) => (): Partial<Draft> => ({
    action: 'fleet.reconciled',
    actor: people,
    application: 'trustflow',
    reconciled: [{ flag: 'ai_v1', holds: ['h1'] }],
    reason: 'lost with its disk',
    ...(incident === undefined ? {} : { incident }),
  })

  t.test('is in the timeline of the incident that it names, and of no other', async () => {
    const { timeline } = story(forgotten('INC-1'), reconciled('INC-1'))
    const lines = timeline.map(line => line.slice(line.indexOf('UTC - ') + 6))
    assert.ok(
      lines.includes(
        'olga (operator) forgot 4 app instances of trustflow: api-1, api-2, api-3 and 1 more: the hosts are gone',
      ),
      lines.join('\n'),
    )
    assert.ok(
      lines.includes('olga (operator) released in the apps of trustflow: ai_v1: lost with its disk'),
      lines.join('\n'),
    )
    assert.doesNotMatch(story(forgotten(), reconciled()).timeline.join('\n'), /forgot|released in the apps/)
  })

  t.test('has one line for a person, as what was proved has', async () => {
    const { entries } = story(
      forgotten(),
      reconciled(),
      proof('flip.confirmed', { of: 2, applied: 2 }),
      proof('flip.unconfirmed', { of: 2, applied: 1, lost: ['api-2'] }),
    )
    assert.deepEqual(
      entries.slice(-4).map(entry => sentenceOf(entry, undefined)),
      [
        'forgot 4 app instances of trustflow: api-1, api-2, api-3 and 1 more',
        'released in the apps of trustflow: ai_v1',
        'ai_v1, entry 0-2: 2/2 confirmed by trustflow',
        'ai_v1, entry 0-2: unconfirmed: 1/2 confirmed by trustflow; lost: api-2. If it still runs, it runs as it last knew',
      ],
    )
    assert.equal(
      fleetWords({ application: 'trustflow', forgotten: [{ id: 'x', instance: 'api-1' }] }),
      'forgot 1 app instance of trustflow: api-1',
    )
    const three = ['api-1', 'api-2', 'api-3'].map(instance => ({ id: instance, instance }))
    assert.equal(
      fleetWords({ application: 'trustflow', forgotten: three }),
      'forgot 3 app instances of trustflow: api-1, api-2, api-3',
    )
    assert.equal(fleetWords({ application: 'trustflow' }), undefined)
  })
})
