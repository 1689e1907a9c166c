// What a post-mortem tells of an incident that did not go straight: who was refused, what others did to its flags, what was
// lost of the log meanwhile. Every entry is one that the rules make.

import assert from 'node:assert/strict'
import { toString as plainText } from 'mdast-util-to-string'
import t from 'tap'
import { KillswitchError } from '../../src/domain/errors.js'
import { refuse } from '../../src/domain/flip/flip.js'
import { besideOf } from '../../src/domain/incident/beside.js'
import { postmortemOf } from '../../src/domain/incident/postmortem.js'
import { factsOf, type PostmortemSource } from '../../src/domain/incident/postmortem-facts.js'
import { timelineOf } from '../../src/domain/incident/timeline.js'
import { type Draft, type Entry, placeOf, seal } from '../../src/domain/log/audit.js'
import { factsOf as auditFactsOf } from '../../src/domain/log/audit-facts.js'
import { matches, toCriteria } from '../../src/domain/log/audit-query.js'
import { fold } from '../../src/domain/state.js'
import { paragraph } from '../../src/text/markdown.js'
import type { ErrorCode } from '../../src/wire/words.js'
import { aFlag, anActor, aRequest, at, NOW, stateWith } from '../support/domain.js'
import { Story } from '../support/incidents.js'

const service = { id: 'killswitch', role: 'owner', via: 'service' } as const
const story = () => new Story(stateWith(aFlag('ai_v1'), aFlag('kyc_v1')))

/** As the service gathers it: what names the incident, its kills, and what stands beside them. */
function sourceOf(told: Story, id = 'INC-1'): PostmortemSource {
  const all = told.entries.map(({ entry }) => entry).filter(({ action }) => action !== 'catalogue.loaded')
  const incident = told.state.incidents.get(id) as PostmortemSource['incident']
  const own = all.filter(
    entry =>
      entry.incident === id ||
      entry.adopted?.some(({ from }) => from === id) ||
      incident.flips.kills.includes(placeOf(entry)),
  )
  const { filters, belongs } = besideOf(incident, own)
  const isBeside = (entry: Entry) =>
    filters.some(filter => matches(toCriteria(filter), auditFactsOf(entry))) && belongs(entry)
  const entries = all.filter(entry => own.includes(entry) || isBeside(entry))
  const definition = (flag?: string) => (flag === undefined ? undefined : aFlag(flag))
  return { incident, entries, environment: 'test', definition, applications: [] }
}

const linesOf = (source: PostmortemSource): string[] =>
  timelineOf(source).map(line => plainText(paragraph(line)).replace(/^.* UTC - /, ''))
const rowsOf = (source: PostmortemSource): string[] =>
  postmortemOf(source)
    .split('\n')
    .filter(line => /^\| `/.test(line))

const write = (told: Story, minutes: number, draft: Partial<Draft>): Entry[] =>
  told.take(
    now => ({
      drafts: [
        {
          ...{ outcome: 'applied', actor: service, receivedAt: new Date(now).toISOString() },
          ...{ request: aRequest(), ...draft },
        } as Draft,
      ],
    }),
    minutes,
  )

const refused = (told: Story, action: Entry['action'], code: ErrorCode, minutes: number, flag = 'ai_v1') =>
  told.take(now => {
    const command = { flag, actor: anActor('operator', 'olga'), request: aRequest(), incident: 'INC-1' }
    const { drafts } = refuse(command, action, new KillswitchError(code, `It is ${code}.`), now)
    return { drafts }
  }, minutes)

t.test('a refusal', async t => {
  t.test('is told where somebody may not or could not, and not where a request was mistyped', async () => {
    const told = story()
    told.declare()
    told.kill('ai_v1', 'INC-1', 1)
    for (const [code, flag] of [
      ['unknown-flag', 'ai_v2'],
      ['unknown-step', 'ai_v1'],
      ['malformed-request', 'ai_v1'],
      ['nothing-to-release', 'kyc_v1'],
    ] as const)
      refused(told, 'kill', code, 2, flag)
    refused(told, 'restore', 'forbidden', 3)
    refused(told, 'restore', 'precondition-failed', 4)
    write(told, 5, {
      ...{ action: 'flip.voided', outcome: 'refused', actor: anActor('operator', 'olga'), flag: 'kyc_v1' },
      ...{
        incident: 'INC-1',
        refusal: { code: 'outcome-unknown', detail: 'A kill whose outcome was unknown.' },
      },
    })
    const source = sourceOf(told)
    const text = postmortemOf(source)
    assert.doesNotMatch(text, /unknown-|ai_v2|malformed|nothing-to/)
    assert.deepEqual(linesOf(source).slice(2), [
      'olga (operator) was refused: restore ai_v1. It is forbidden.',
      'olga (operator) was refused: restore ai_v1. It is precondition-failed.',
      'a flip of kyc_v1 by olga (operator) was not done, and now cannot be: its outcome had not been known',
    ])
    assert.equal(factsOf(source).refused.length, 3)
  })
})

t.test('what changed nothing of the incident is no part of its story', async () => {
  const told = story()
  told.kill('ai_v1', 'INC-1')
  told.declare({}, 1)
  const before = linesOf(sourceOf(told))
  const [adopted] = told.adopt(true, 'INC-1', 2)
  assert.equal(adopted?.outcome, 'unchanged')
  told.reopen('INC-1', 3)
  assert.deepEqual(linesOf(sourceOf(told)), before)
})

t.test('the times of an incident', async t => {
  t.test('are of all its holds, adopted ones too', async () => {
    const told = story()
    told.kill('ai_v1', undefined)
    told.declare({ adopt: ['ai_v1'] }, 4)
    told.kill('kyc_v1', 'INC-1', 6)
    const source = sourceOf(told)
    assert.match(
      postmortemOf(source),
      /Time to kill: first of 2 kills 4 min before it was declared, the last 2 min after it was declared/,
    )
    assert.equal(rowsOf(source).length, 2)
  })

  t.test('end where somebody released the holds under another name, or under none', async () => {
    const told = story()
    told.declare()
    told.kill('ai_v1', 'INC-1')
    told.kill('kyc_v1', 'INC-1', 1)
    told.restore('ai_v1', { all: true }, 10)
    told.declare({ id: 'INC-2' }, 11)
    told.kill('kyc_v1', 'INC-2', 12)
    told.restore('kyc_v1', { all: true }, 20)
    for (const id of ['INC-1', 'INC-2']) {
      const rows = rowsOf(sourceOf(told, id))
      assert.equal(rows.length, id === 'INC-1' ? 2 : 1)
      for (const row of rows) assert.doesNotMatch(row, /still/, row)
    }
  })

  t.test('end with their own holds, and say that others held the flag before or after', async () => {
    const told = story()
    told.declare()
    told.declare({ id: 'INC-2' })
    told.kill('ai_v1', 'INC-2')
    told.kill('ai_v1', 'INC-1', 5)
    told.restore('ai_v1', { incident: 'INC-1' }, 15)
    const [row = ''] = rowsOf(sourceOf(told))
    assert.match(row, /03:05:00 UTC, held by others before \|/)
    assert.match(row, /\| released 2026-11-20 03:15:00 UTC \(10 min\), still held by others then \|$/)
    told.restore('ai_v1', { incident: 'INC-2' }, 30)
    assert.equal(rowsOf(sourceOf(told))[0], row, 'what became of the other hold is not its story')
    assert.match(rowsOf(sourceOf(told, 'INC-2'))[0] ?? '', /03:30:00 UTC \(30 min\) \|$/)
  })

  t.test('of a flag that two of its kills held are one stretch', async () => {
    const told = story()
    told.kill('ai_v1', undefined)
    told.kill('ai_v1', undefined, 1, anActor('operator', 'ben'))
    told.declare({ adopt: ['ai_v1'] }, 2)
    told.restore('ai_v1', { incident: 'INC-1' }, 9)
    const rows = rowsOf(sourceOf(told))
    assert.deepEqual([rows.length, /\(9 min\) \|$/.test(rows[0] ?? '')], [1, true], rows.join('\n'))
  })
})

t.test('what was lost of the log', async t => {
  const recovered = (told: Story, minutes: number) => {
    const draft: Draft = {
      ...{ action: 'log.recovered', outcome: 'applied', actor: service, request: aRequest() },
      receivedAt: at(minutes * 60),
      recovered: { why: 'the log in Redis is empty', restored: 3 },
    }
    const sealed = seal(draft, told.state.head, 'test', told.state.head.epoch + 517)
    told.entries.push(sealed)
    told.state = fold(told.state, sealed)
  }

  t.test(
    'and put back while an incident was open is in its timeline, and what was before or after is not',
    async () => {
      const told = story()
      recovered(told, 0)
      told.declare({}, 1)
      const [kill] = told.kill('ai_v1', 'INC-1', 2)
      recovered(told, 3)
      told.restore('ai_v1', { incident: 'INC-1' }, 4)
      told.resolve({ force: true, actor: anActor('coordinator') }, 5)
      recovered(told, 6)
      const lines = linesOf(sourceOf(told))
      assert.deepEqual(
        lines.filter(line => line.includes('of the log')),
        ['Epoch 1034 of the log was opened, 3 entries put back: the log in Redis is empty'],
      )
      const at = lines.findIndex(line => line.startsWith('Epoch'))
      assert.match(lines[at - 1] ?? '', /^Turn ai_v1 off/)
      assert.match(lines[at + 1] ?? '', /^Turn ai_v1 on/)
      assert.equal(kill?.epoch, 517)
    },
  )

  t.test(
    'on a branch that was left says what was put in again, from when it was in force, and what was not',
    async () => {
      const told = story()
      told.declare()
      const origin = { place: 12, hash: 'x' }
      const [kill] = told.kill('ai_v1', 'INC-1', 1)
      const entry = { ...kill, at: at(300), origin } as Entry
      const restore = write(told, 6, {
        ...{ action: 'restore', outcome: 'refused', flag: 'ai_v1', incident: 'INC-1', origin },
        ...{
          actor: anActor('engineer', 'emil'),
          refusal: { code: 'history-lost', detail: 'Acknowledged there.' },
        },
      })
      const { entries, ...source } = sourceOf(told)
      const all = { ...source, entries: entries.map(each => (each.seq === kill?.seq ? entry : each)) }
      assert.deepEqual(linesOf(all).slice(1), [
        'Turn ai_v1 off (ai_v1: on -> off) by olga (operator) (entry 0-12 of a branch that the log left), taken at 2026-11-20 03:01:00 UTC, off the runbook: it burns',
        'restore ai_v1 by emil (engineer) had been done as entry 0-12 of a branch that the log left, and was not done again',
      ])
      assert.equal(factsOf(all).windows[0]?.killedAt, new Date(NOW + 60_000).toISOString())
      assert.equal(restore.length, 1)
    },
  )

  t.test('that an app showed names the app', async () => {
    const told = story()
    told.declare()
    const [kill] = told.kill('ai_v1', 'INC-1', 1)
    const { entries, ...source } = sourceOf(told)
    const shown = { hold: 'h', app: 'trustflow', instance: 'api-1' }
    const all = {
      ...source,
      entries: entries.map(each => (each.seq === kill?.seq ? { ...each, shown } : each)),
    }
    assert.match(linesOf(all)[1] ?? '', /\(this log did not have it; api-1 of trustflow showed it\)/)
  })
})

t.test('what the log does not know', async t => {
  t.test('is not said to be: no kill, where some of the log cannot be read', async () => {
    const told = story()
    told.declare()
    const source = sourceOf(told)
    assert.match(postmortemOf(source), /No flag was killed\.[\s\S]*Time to kill: no flag was killed/)
    const text = postmortemOf({ ...source, unreadable: 'Entries cannot be read: 0-2.' })
    assert.doesNotMatch(text, /o flag was killed/)
    assert.match(text, /No kill is in what could be read of the log\./)
  })

  t.test('is not said to have failed: an app that is dead runs as it last knew', async () => {
    const told = story()
    told.declare()
    const [kill] = told.kill('ai_v1', 'INC-1', 1)
    write(told, 2, {
      ...{ action: 'flip.unconfirmed', flag: 'ai_v1', application: 'trustflow', incident: 'INC-1' },
      confirmed: {
        ...{ flip: placeOf(kill as Entry), complete: false, applied: 0, of: 1 },
        ...{ pending: [], lost: ['api-1'], served: 0 },
      },
    })
    const text = postmortemOf(sourceOf(told))
    assert.match(text, /lost: api-1\. If it still runs, it runs as it last knew/)
    assert.doesNotMatch(text, /fail|did not apply|not applied/)
  })
})
