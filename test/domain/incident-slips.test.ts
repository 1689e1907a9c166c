// A slip of the pen in an incident's id, or of the hand in a kill, and how it is put right.

import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchError } from '../../src/domain/errors.js'
import { housekeepingOf, LIMITS } from '../../src/domain/housekeeping.js'
import { clockOf } from '../../src/domain/incident/clock.js'
import { postmortemOf } from '../../src/domain/incident/postmortem.js'
import { factsOf } from '../../src/domain/incident/postmortem-facts.js'
import { aFlag, anActor, NOW, noStep, stateWith } from '../support/domain.js'
import { aRunbook, aStep, Story } from '../support/incidents.js'

const MINUTE = 60_000
const wait = { text: 'Watch closely for another 30 minutes.', minutes: 30, line: 65 }
const runbook = aRunbook({ steps: [aStep()], waits: [wait] })
const story = (given = runbook) =>
  new Story(stateWith(aFlag('ai_v1'), aFlag('kyc_v1'), aFlag('other', { application: 'inflow' })), given)
const refused = (act: () => unknown): KillswitchError => {
  try {
    act()
  } catch (error) {
    if (error instanceof KillswitchError) return error
    throw error
  }
  throw new Error('it was taken')
}
const sourceOf = ({ state, entries, runbook }: Story, id: string, names: string[] = []) => ({
  incident: state.incidents.get(id)!,
  entries: entries
    .map(({ entry }) => entry)
    .filter(({ incident }) => [id, ...names].includes(incident ?? '')),
  runbook,
  environment: 'test',
  definition: () => aFlag('ai_v1'),
  applications: [],
})
const waits = ({ state, runbook }: Story, minutes: number, id = 'INC-103') =>
  clockOf(state.incidents.get(id)!, runbook, NOW + minutes * MINUTE)
    .filter(({ what }) => what === 'recovery-wait')
    .map(({ due, metAt }) => (metAt ? 'over' : due ? (Date.parse(due) - NOW) / MINUTE : undefined))

t.test('a kill under a misspelt id', async t => {
  t.test('shouts with the open incident that is near, and is a quiet line without one', async () => {
    const told = story()
    const quiet = told.kill('ai_v1', 'INC-1O3')[0]?.warnings?.find(each => each.code === 'unknown-incident')
    assert.equal(quiet?.near, undefined)
    assert.equal(quiet?.detail, 'INC-1O3 is not declared yet.')
    told.declare({ id: 'INC-103' }, 1)
    const loud = told
      .kill('kyc_v1', 'INC-1O3', 2)[0]
      ?.warnings?.find(each => each.code === 'unknown-incident')
    assert.deepEqual(loud?.near, ['INC-103'])
    assert.deepEqual(loud?.wayOut?.[0]?.call, {
      method: 'POST',
      path: '/v1/incidents/INC-103/adopt',
      body: { from: 'INC-1O3' },
    })
    told.adopt({ from: 'INC-1O3' }, 'INC-103', 3)
    told.restore('kyc_v1', { incident: 'INC-103' }, 4)
    told.restore('ai_v1', { incident: 'INC-103' }, 4)
    told.resolve({ incident: 'INC-103' }, 60)
    const after = told
      .kill('ai_v1', 'INC-1O3', 61)[0]
      ?.warnings?.find(each => each.code === 'unknown-incident')
    assert.equal(after?.near, undefined, 'nothing is open any more')
  })

  t.test('is told at the declaration, and adopting takes the whole story along', async () => {
    const told = story()
    const papers = { id: 'trustflow/first/1', code: 'abcde', text: 'Disable ai_v1', line: 20 }
    const [kill] = told.kill('ai_v1', 'INC-1O3', 0, undefined, { ...noStep, step: papers, offRunbook: false })
    const [again] = told.kill('kyc_v1', 'INC-1O3', 1)
    told.restore('kyc_v1', { incident: 'INC-1O3' }, 2)
    const [declared, ...none] = told.declare({ id: 'INC-103', adopt: true }, 5)
    assert.equal(none.length, 0, 'an id that is only near is not taken unasked')
    assert.deepEqual(
      declared?.warnings?.map(({ code, near }) => [code, near]),
      [
        ['unknown-incident', ['INC-1O3']],
        ['nothing-to-adopt', undefined],
      ],
    )
    assert.match(
      declared?.warnings?.[0]?.detail ?? '',
      /INC-1O3, which is nearly the same id and holds ai_v1/,
    )
    const [adopted] = told.adopt(['ai_v1'], 'INC-103', 6)
    assert.deepEqual(adopted?.adopted, [{ flag: 'ai_v1', hold: kill?.hold, from: 'INC-1O3' }])
    assert.deepEqual(adopted?.history, ['INC-1O3'])
    const incident = told.state.incidents.get('INC-103')
    assert.deepEqual(incident?.flips.kills, [kill?.seq, again?.seq])
    assert.deepEqual(incident?.flips.flags, ['ai_v1', 'kyc_v1'])
    assert.equal(incident?.flips.steps[0]?.step.code, 'abcde')
    assert.equal(incident?.flips.restored?.at, new Date(NOW + 2 * MINUTE).toISOString())
    assert.equal(told.state.undeclared.has('INC-1O3'), false)
    assert.deepEqual(
      told.state.gaps.filter(gap => gap.missing.includes('incident')),
      [],
    )
    assert.deepEqual(waits(told, 7), [32], 'it runs from the restore under the other id')
    told.restore('ai_v1', { incident: 'INC-103' }, 20)
    assert.deepEqual(waits(told, 21), [50])
    assert.equal(refused(() => told.resolve({ incident: 'INC-103' }, 49)).code, 'incident-open')
    const source = sourceOf(told, 'INC-103', ['INC-1O3'])
    const facts = factsOf(source)
    assert.deepEqual(facts.toKillMs, [-5 * MINUTE, -4 * MINUTE])
    assert.deepEqual(
      facts.windows.map(({ flag, killedAt, restoredAt }) => [flag, killedAt, restoredAt]),
      [
        ['ai_v1', new Date(NOW).toISOString(), new Date(NOW + 20 * MINUTE).toISOString()],
        ['kyc_v1', new Date(NOW + MINUTE).toISOString(), new Date(NOW + 2 * MINUTE).toISOString()],
      ],
    )
    assert.match(postmortemOf(source), /olga \(operator\) took under INC-103: ai_v1 \(from INC-1O3\)/)
  })

  t.test('is put right also where all was restored before', async () => {
    const told = story()
    const [kill] = told.kill('ai_v1', 'INC-1O3')
    told.restore('ai_v1', { incident: 'INC-1O3' }, 5)
    told.declare({ id: 'INC-103' }, 6)
    const [adopted] = told.adopt({ from: 'INC-1O3' }, 'INC-103', 7)
    assert.deepEqual([adopted?.outcome, adopted?.adopted, adopted?.history], ['applied', [], ['INC-1O3']])
    assert.deepEqual(told.state.incidents.get('INC-103')?.flips.kills, [kill?.seq])
    assert.deepEqual(waits(told, 8), [35])
    assert.equal(refused(() => told.adopt({ from: 'INC-1O3' }, 'INC-103', 9)).code, 'unknown-incident')
  })

  t.test('leaves what was not named to the other id, which may be another incident', async () => {
    const told = story()
    const [mine] = told.kill('ai_v1', 'INC-200')
    const [other] = told.kill('kyc_v1', 'INC-200')
    told.declare({ id: 'INC-103' })
    const [adopted] = told.adopt(['ai_v1'], 'INC-103')
    assert.equal(adopted?.history, undefined)
    assert.deepEqual(told.state.undeclared.get('INC-200')?.kills, [other?.seq])
    told.declare({ id: 'INC-200' })
    assert.deepEqual(told.state.incidents.get('INC-200')?.flips.flags, ['kyc_v1'])
    assert.deepEqual(told.state.incidents.get('INC-103')?.flips.kills, [mine?.seq])
  })
})

t.test('a hold of another incident', async t => {
  const resolvedAndHeld = () => {
    const told = story()
    told.declare({ id: 'INC-7' })
    told.kill('ai_v1', 'INC-7')
    const leave = [{ flag: 'ai_v1', owner: 'AI team', until: '2026-11-27' }]
    told.resolve({ incident: 'INC-7', leave, actor: anActor('engineer') }, 1)
    told.declare({ id: 'INC-9' }, 2)
    return told
  }

  t.test('is taken by an engineer where it is resolved, and both stories say so', async () => {
    const told = resolvedAndHeld()
    assert.deepEqual(
      [{ from: 'INC-7' }, ['ai_v1']].map(asked => refused(() => told.adopt(asked, 'INC-9', 3)).code),
      ['forbidden', 'forbidden'],
    )
    told.adopt({ from: 'INC-7' }, 'INC-9', 3, anActor('engineer'))
    told.restore('ai_v1', { incident: 'INC-9' }, 8)
    assert.deepEqual(waits(told, 9, 'INC-9'), [38])
    assert.deepEqual(housekeepingOf(told.state, LIMITS, NOW).left, [])
    const before = { ...sourceOf(told, 'INC-7'), entries: told.entries.map(({ entry }) => entry).slice(0, 6) }
    assert.match(postmortemOf(before), /\| taken over by INC-9, 2026-11-20 03:03:00 UTC \|/)
  })

  t.test('stays where the incident is open', async () => {
    const told = story()
    told.declare({ id: 'INC-7' })
    told.kill('ai_v1', 'INC-7')
    told.declare({ id: 'INC-9' })
    const error = refused(() => told.adopt({ from: 'INC-7' }, 'INC-9', 0, anActor('owner')))
    assert.equal(error.code, 'nothing-to-adopt')
    assert.match(error.detail, /INC-7 is open, and keeps what it holds/)
    assert.equal(refused(() => told.adopt({ from: 'INC-8' }, 'INC-9')).code, 'unknown-incident')
  })
})

t.test('a resolved incident', async t => {
  t.test('is offered to be reopened, and then is as open as before', async () => {
    const told = story()
    told.declare({ id: 'INC-7' })
    assert.equal(told.reopen('INC-7')[0]?.outcome, 'unchanged')
    told.resolve({ incident: 'INC-7' }, 1)
    const [kill] = told.kill('ai_v1', 'INC-7', 2)
    const warning = kill?.warnings?.find(each => each.code === 'resolved-incident')
    assert.equal(warning?.wayOut?.[0]?.call?.path, '/v1/incidents/INC-7/reopen')
    told.reopen('INC-7', 3)
    assert.equal('resolved' in told.state.incidents.get('INC-7')!, false)
    assert.equal(told.kill('kyc_v1', 'INC-7', 4)[0]?.warnings, undefined)
    assert.equal(refused(() => told.resolve({ incident: 'INC-7' }, 5)).code, 'incident-open')
    assert.match(postmortemOf(sourceOf(told, 'INC-7')), /olga \(operator\) reopened INC-7/)
  })
})

t.test('an incident without runbook and severity', async t => {
  t.test('is declared at once, and given both later', async () => {
    const told = story(aRunbook({ steps: [aStep()], waits: [{ ...wait, levels: ['SEV-1'] }] }))
    const [declared] = told.declareBare()
    assert.deepEqual([declared?.declared?.runbook, declared?.declared?.severity], ['', ''])
    assert.deepEqual([told.incident.runbook, told.incident.severity], [undefined, undefined])
    assert.match(
      postmortemOf(sourceOf(told, 'INC-1')),
      /Left for a person to write: Commander, Severity, Runbook/,
    )
    told.change({ severity: 'P9' })
    assert.equal(refused(() => told.change({}, 1, told.runbook)).code, 'unknown-severity')
    const [changed] = told.change({ severity: 'sev1' }, 1, told.runbook)
    assert.deepEqual(changed?.change, {
      severity: 'SEV-1',
      runbook: { id: 'trustflow', digest: told.runbook.digest },
    })
    assert.deepEqual([told.incident.runbook?.id, told.incident.severity], ['trustflow', 'SEV-1'])
    told.note('recovered', 2)
    assert.deepEqual(waits(told, 3, 'INC-1'), [32])
  })
})

t.test('a mistaken kill that is undone', async t => {
  const olga = anActor('operator', 'olga')
  const undo = (told: Story, flag: string, minutes: number) =>
    told.restore(flag, { undo: true }, minutes, olga)

  t.test('starts no wait, ends none, and is not the time to kill', async () => {
    const told = story()
    told.declare({ id: 'INC-103' })
    told.kill('kyc_v1', 'INC-103', 1)
    assert.equal(undo(told, 'kyc_v1', 2)[0]?.undo, true)
    assert.deepEqual(waits(told, 3), [undefined])
    told.kill('ai_v1', 'INC-103', 4)
    assert.deepEqual(factsOf(sourceOf(told, 'INC-103')).toKillMs, [4 * MINUTE])
    told.restore('ai_v1', { incident: 'INC-103' }, 10)
    told.kill('kyc_v1', 'INC-103', 12)
    assert.deepEqual(waits(told, 13), [undefined])
    undo(told, 'kyc_v1', 14)
    assert.deepEqual(waits(told, 15), [40], 'the wait from before goes on')
  })
})

t.test('a restore that leaves out what the runbook says before it', async t => {
  const restoring = aStep({
    id: 'trustflow/after/2',
    line: 62,
    headingPath: ['After'],
    flagActions: [
      { flag: 'ai_v1', variant: 'on', value: true, direction: 'restore', line: 62, confidence: 'high' },
    ],
  })
  const waiting = aStep({ id: 'trustflow/after/1', line: 60, headingPath: ['After'], flagActions: [] })
  const careful = aRunbook({
    steps: [aStep(), waiting, restoring],
    waits: [{ text: 'Wait 15 min', minutes: 15, line: 60, guards: ['ai_v1'] }],
  })
  const restored = (recoveredAt: number | undefined, at: number) => {
    const told = story(careful)
    told.declare({ id: 'INC-1' })
    told.kill('ai_v1', 'INC-1')
    if (recoveredAt !== undefined) told.note('recovered', recoveredAt)
    const [entry] = told.restore('ai_v1', { incident: 'INC-1' }, at)
    return { told, entry }
  }

  t.test('is taken, told, and in the post-mortem', async () => {
    const cases: [number | undefined, number, RegExp | undefined][] = [
      [undefined, 30, /"Wait 15 min" \(line 60\) before ai_v1 is given back: nobody had noted/],
      [10, 14, /4 min of that had passed/],
      [10, 25, undefined],
    ]
    for (const [recoveredAt, at, says] of cases) {
      const { told, entry } = restored(recoveredAt, at)
      assert.equal(entry?.outcome, 'applied')
      if (says === undefined) assert.equal(entry?.warnings, undefined)
      else {
        assert.match(entry?.warnings?.[0]?.detail ?? '', says)
        assert.match(
          postmortemOf(sourceOf(told, 'INC-1')),
          /`ai_v1` by emil: restored before the wait was over/,
        )
      }
    }
  })

  t.test('is not told of an undo', async () => {
    const told = story(careful)
    told.declare({ id: 'INC-1' })
    told.kill('ai_v1', 'INC-1')
    assert.equal(
      told.restore('ai_v1', { undo: true }, 1, anActor('operator', 'olga'))[0]?.warnings,
      undefined,
    )
  })
})
