import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { KillswitchError } from '../../src/domain/errors.js'
import { decideRestore } from '../../src/domain/flip/flip.js'
import { tickFor } from '../../src/domain/incident/incident.js'
import { madeId, severityOf } from '../../src/domain/incident/rules.js'
import { fold, isKilled } from '../../src/domain/state.js'
import { ROLES } from '../../src/wire/words.js'
import { aFlag, anActor, aRequest, NOW, noStep, stateWith } from '../support/domain.js'
import { aRunbook, aStep, Story } from '../support/incidents.js'

const start = stateWith(aFlag('ai_v1'), aFlag('kyc_v1'), aFlag('other', { application: 'inflow' }))
const about = aRunbook({ steps: [aStep(), aStep({ id: 'trustflow/first/2', flagActions: [] })] })
const story = (runbook = about) => new Story(start, runbook)
const code = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof KillswitchError) return error.code
    throw error
  }
  return 'accepted'
}
const holdsOn = ({ state }: Story, flag = 'ai_v1') => state.flags.get(flag)?.holds ?? []

t.test('declaring', async t => {
  t.test('takes the level as the runbook spells it, however it was written', async () => {
    const scales: [string[], string, string | undefined][] = [
      [['SEV-1', 'SEV-2', 'SEV-3'], 'sev1', 'SEV-1'],
      [['SEV-1', 'SEV-2', 'SEV-3'], 'SEV0', undefined],
      [['SEV0', 'SEV1', 'SEV2', 'SEV3'], 'Sev-0', 'SEV0'],
      [['SEV1', 'SEV2', 'SEV3', 'SEV4'], 'sev 4', 'SEV4'],
      [['P1', 'P2', 'P3', 'P4'], 'p-2', 'P2'],
      [['P1', 'P2', 'P3', 'P4'], 'SEV-1', undefined],
      [[], 'anything', 'anything'],
    ]
    for (const [levels, given, level] of scales) {
      const runbook = aRunbook({ severities: levels.map((each, line) => ({ level: each, line })) })
      if (level === undefined)
        assert.equal(
          code(() => severityOf(runbook, given)),
          'unknown-severity',
        )
      else assert.equal(severityOf(runbook, given), level)
    }
  })

  t.test('refuses an id twice, and makes ids that nobody has used', async () => {
    const told = story()
    told.declare()
    assert.equal(
      code(() => told.declare()),
      'incident-exists',
    )
    assert.equal(madeId(told.state, NOW), 'INC-2026-11-20-1')
    told.kill('ai_v1', 'INC-2026-11-20-1')
    told.declare({ id: 'INC-2026-11-20-2' })
    assert.equal(madeId(told.state, NOW), 'INC-2026-11-20-3', 'one is named by a kill, one declared')
    assert.equal(madeId(told.state, NOW + 24 * 3_600_000), 'INC-2026-11-21-1')
  })

  t.test('counts the kills that named it before as its own', async () => {
    const told = story()
    const [kill] = told.kill('ai_v1', 'INC-1')
    assert.equal(kill?.warnings?.[0]?.code, 'unknown-incident')
    assert.equal(told.state.gaps[0]?.missing.includes('incident'), true)
    told.declare({}, 3)
    assert.deepEqual(told.incident.flips.kills, [kill?.seq])
    assert.equal(told.incident.responded?.at, told.incident.declared.at, 'somebody was at work already')
    assert.equal(told.state.undeclared.size, 0)
    assert.deepEqual(
      told.state.gaps.map(gap => gap.missing),
      [['step']],
      'the incident is no gap any more',
    )
    assert.equal(told.kill('kyc_v1', 'INC-1')[0]?.warnings, undefined)
  })

  t.test('is for operators and above, and never for a credential that may only kill', async () => {
    for (const role of ROLES) {
      const may = ['operator', 'engineer', 'coordinator', 'owner'].includes(role)
      assert.equal(
        code(() => story().declare({}, 0, anActor(role))),
        may ? 'accepted' : 'forbidden',
        role,
      )
    }
    assert.equal(
      code(() => story().declare({}, 0, anActor('owner', 'o', { only: 'kill' }))),
      'forbidden',
    )
  })
})

t.test('adopting', async t => {
  t.test(
    'takes the holds no incident has on the flags the runbook is about, and leaves the others',
    async () => {
      const told = story()
      const [kill] = told.kill('ai_v1')
      told.kill('other')
      told.kill('ai_v1', 'INC-9')
      const before = told.state.flags.get('ai_v1')?.place ?? 0
      const [declared, adopted] = told.declare({ adopt: true })
      assert.deepEqual(adopted?.adopted, [{ flag: 'ai_v1', hold: kill?.hold }])
      assert.deepEqual(
        holdsOn(told).map(hold => hold.incident),
        ['INC-1', 'INC-9'],
      )
      assert.equal(holdsOn(told, 'other')[0]?.incident, undefined)
      assert.deepEqual(told.incident.flips.kills, [kill?.seq])
      assert.ok((told.state.flags.get('ai_v1')?.place ?? 0) > before, "the flag's ETag moves")
      assert.equal(told.state.revision, told.state.head.seq)
      assert.equal(declared?.warnings, undefined)
    },
  )

  t.test('of two holds on one flag keeps the oldest, and nobody undoes the other with it', async () => {
    const told = story()
    const [first] = told.kill('ai_v1', undefined, 0, anActor('operator', 'ana'))
    told.kill('ai_v1', undefined, 1, anActor('operator', 'bo'))
    told.kill('ai_v1', 'INC-1', 2)
    told.declare({ adopt: ['ai_v1'] }, 3)
    const [only, ...none] = holdsOn(told)
    assert.deepEqual([only?.id, none.length, only?.joined?.length], [first?.hold, 0, 2])
    assert.equal(told.incident.flips.kills.length, 3)
    const undo = decideRestore(
      told.state,
      {
        flag: 'ai_v1',
        actor: anActor('operator', 'ana'),
        request: aRequest(),
        claim: noStep,
        undo: true,
        present: [],
      },
      NOW + 4 * 60_000,
    )
    assert.equal(undo.refusal?.code, 'nothing-to-release')
  })

  t.test('is strict on its own, and only warns beside a declaration', async () => {
    const told = story()
    told.declare({ id: 'INC-9' })
    told.kill('ai_v1', 'INC-9')
    const [declared, ...none] = told.declare({ adopt: ['ai_v1', 'kyc_v1', 'nope'] })
    assert.equal(none.length, 0)
    assert.deepEqual(
      declared?.warnings?.map(each => each.code),
      Array(3).fill('nothing-to-adopt'),
    )
    assert.equal(
      code(() => told.adopt(['ai_v1'])),
      'nothing-to-adopt',
    )
    assert.equal(
      code(() => told.adopt(['nope'])),
      'unknown-flag',
    )
    assert.equal(told.adopt(true)[0]?.outcome, 'unchanged')
    assert.equal(
      code(() => told.adopt(true, 'INC-8')),
      'unknown-incident',
    )
  })
})

t.test('resolving', async t => {
  t.test('is refused while it holds a flag, with the list', async () => {
    const told = story()
    told.kill('ai_v1', 'INC-1')
    told.declare()
    try {
      told.resolve()
      assert.fail('it was resolved')
    } catch (error) {
      assert.ok(error instanceof KillswitchError)
      assert.equal(error.code, 'incident-open')
      assert.deepEqual(
        error.data.open!.map(each => 'flag' in each && each.flag),
        ['ai_v1'],
      )
    }
    told.restore('ai_v1', { incident: 'INC-1' }, 5)
    told.resolve({}, 6)
    assert.equal(told.incident.resolved?.by, 'olga')
    assert.equal(
      code(() => told.resolve()),
      'incident-resolved',
    )
    assert.equal(
      code(() => told.adopt(true)),
      'incident-resolved',
    )
    assert.equal(told.kill('kyc_v1', 'INC-1')[0]?.warnings?.[0]?.code, 'resolved-incident')
  })

  t.test('waits for the recovery, and again after a re-kill', async () => {
    const told = story(aRunbook({ waits: [{ text: 'Wait 15 min', minutes: 15, line: 75 }] }))
    told.kill('ai_v1', 'INC-1')
    told.declare()
    told.restore('ai_v1', { incident: 'INC-1' }, 10)
    assert.equal(
      code(() => told.resolve({}, 24)),
      'incident-open',
    )
    told.kill('ai_v1', 'INC-1', 20)
    told.restore('ai_v1', { incident: 'INC-1' }, 30)
    assert.equal(
      code(() => told.resolve({}, 44)),
      'incident-open',
    )
    assert.equal(
      code(() => told.resolve({}, 45)),
      'accepted',
    )
  })

  t.test('leaves flags held for an engineer, with an owner and a date to come', async () => {
    const leave = [{ flag: 'ai_v1', owner: 'AI team', until: '2026-11-27' }]
    const told = story()
    told.kill('ai_v1', 'INC-1')
    told.declare()
    const actor = anActor('engineer')
    assert.equal(
      code(() => told.resolve({ leave })),
      'forbidden',
    )
    assert.equal(
      code(() => told.resolve({ actor, leave: [{ ...leave[0]!, flag: 'kyc_v1' }] })),
      'not-held',
    )
    assert.equal(
      code(() => told.resolve({ actor, leave: [{ ...leave[0]!, until: '2026-11-19' }] })),
      'malformed-request',
    )
    told.resolve({ actor, leave })
    assert.deepEqual(told.incident.resolved?.leave, leave)
    assert.equal(isKilled(told.state.flags.get('ai_v1')!), true, 'nothing un-kills by itself')
    told.resolve({ actor, leave: [{ ...leave[0]!, owner: 'Emil' }] }, 60)
    assert.equal(told.incident.resolved?.leave[0]?.owner, 'Emil')
    assert.equal(told.incident.resolved?.at, new Date(NOW).toISOString(), 'it was resolved once')
  })

  t.test('is forced by a coordinator with a reason, and says so', async () => {
    const told = story()
    told.kill('ai_v1', 'INC-1')
    told.declare()
    const actor = anActor('coordinator')
    assert.equal(
      code(() => told.resolve({ actor: anActor('engineer'), force: true, reason: 'x' })),
      'forbidden',
    )
    assert.equal(
      code(() => told.resolve({ actor, force: true })),
      'malformed-request',
    )
    told.resolve({ actor, force: true, reason: 'the product is retired' })
    assert.deepEqual(told.incident.resolved?.forced, true)
    const calm = story()
    calm.declare()
    calm.resolve({ actor, force: true, reason: 'to be sure' })
    assert.equal(calm.incident.resolved?.forced, false, 'there was nothing to force')
  })
})

t.test('steps', async t => {
  const papers = (code: string) => ({ id: `trustflow/first/${code}`, code, text: code, line: 20 })

  t.test('are done by the flips that name them, before and after the declaration, and by ticks', async () => {
    const told = story()
    const claim = (code: string, offRunbook = false) => ({ ...noStep, step: papers(code), offRunbook })
    told.kill('ai_v1', 'INC-1', 0, undefined, claim('early'))
    told.kill('kyc_v1', undefined, 1, undefined, claim('taken'))
    told.kill('other', 'INC-1', 2, undefined, claim('wrong', true))
    told.declare({ adopt: ['kyc_v1'] }, 3)
    told.kill('ai_v1', 'INC-1', 4, undefined, claim('again'))
    const done = (code: string) => tickFor(told.incident, papers(code).id)
    assert.deepEqual(
      ['early', 'taken', 'wrong', 'again'].map(code => done(code)?.ticked),
      ['done', 'done', undefined, 'done'],
    )
    assert.deepEqual([done('taken')?.by, done('taken')?.at], ['olga', new Date(NOW + 60_000).toISOString()])
  })
})

t.test('changes of an incident', async t => {
  t.test('keep what is new, and are unchanged where nothing is', async () => {
    const told = story()
    told.declare()
    assert.deepEqual(told.change({ severity: 'sev2', commander: 'Cy' })[0]?.change, {
      severity: 'SEV-2',
      commander: 'Cy',
    })
    assert.equal(told.change({ severity: 'SEV-2' })[0]?.outcome, 'unchanged')
    assert.equal(
      code(() => told.change({ severity: 'P1' })),
      'unknown-severity',
    )
    told.change({ link: { title: 'Channel', url: 'https://chat.example/1' } })
    assert.equal(told.incident.links[0]?.by, 'olga')
    assert.equal(told.incident.responded?.place, 3, 'a commander is a sign of somebody at work')
  })
})

t.test('any order of kills, adoptions, restores and resolves', async t => {
  type Act = {
    act: 'kill' | 'adopt' | 'from' | 'restore' | 'undo' | 'declare' | 'resolve' | 'reopen' | 'note'
    flag: string
    incident?: string
    who: string
  }
  const acts = fc.array(
    fc.record({
      act: fc.constantFrom(
        ...([
          'kill',
          'kill',
          'adopt',
          'from',
          'restore',
          'undo',
          'declare',
          'resolve',
          'reopen',
          'note',
        ] as const),
      ),
      flag: fc.constantFrom('ai_v1', 'kyc_v1'),
      incident: fc.constantFrom(undefined, 'INC-1', 'INC-2'),
      who: fc.constantFrom('ana', 'bo'),
    }) as fc.Arbitrary<Act>,
    { maxLength: 25 },
  )
  const play = (told: Story, { act, flag, incident, who }: Act, minutes: number) => {
    const id = incident ?? 'INC-1'
    if (act === 'kill') told.kill(flag, incident, minutes, anActor('operator', who))
    else if (act === 'adopt') told.adopt([flag], id, minutes, anActor('engineer', who))
    else if (act === 'from')
      told.adopt({ from: id === 'INC-1' ? 'INC-2' : 'INC-1' }, id, minutes, anActor('engineer', who))
    else if (act === 'undo') told.restore(flag, { undo: true }, minutes, anActor('operator', who))
    else if (act === 'reopen') told.reopen(id, minutes)
    else if (act === 'restore') told.restore(flag, incident ? { incident } : { all: true }, minutes)
    else if (act === 'declare') told.declare({ id }, minutes)
    else if (act === 'note') told.note('cause', minutes, id)
    else told.resolve({ incident: id }, minutes)
  }

  t.test(
    'holds a flag once per incident, un-kills only by a restore, and folds the same from the log',
    async () => {
      fc.assert(
        fc.property(acts, list => {
          const told = story()
          for (const [index, each] of list.entries()) {
            const before = told.state
            code(() => play(told, each, index))
            for (const [key, flag] of told.state.flags) {
              const incidents = flag.holds.map(hold => hold.incident ?? `actor ${hold.actor}`)
              assert.equal(new Set(incidents).size, incidents.length, `${key}: ${incidents.join()}`)
              if (isKilled(before.flags.get(key)!) && !isKilled(flag))
                assert.ok(['restore', 'undo'].includes(each.act), each.act)
            }
            for (const { id, resolved } of told.state.incidents.values())
              if (each.act === 'resolve' && resolved && before.incidents.get(id)?.resolved === undefined)
                assert.equal(
                  [...told.state.flags.values()].some(flag => flag.holds.some(hold => hold.incident === id)),
                  false,
                )
          }
          assert.deepEqual(told.entries.reduce(fold, start), told.state)
        }),
        { numRuns: 200 },
      )
    },
  )
})
