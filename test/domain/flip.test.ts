import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decideRestore, type RestoreCommand } from '../../src/domain/flip/flip.js'
import { decideKill } from '../../src/domain/flip/kill.js'
import type { Draft } from '../../src/domain/log/audit.js'
import { isKilled, type State } from '../../src/domain/state.js'
import { ROLES } from '../../src/wire/words.js'
import { aFlag, anActor, applied, aRequest, at, killOf, NOW, noStep, stateWith } from '../support/domain.js'

const operator = anActor('operator', 'olga')
const engineer = anActor('engineer', 'emil')
const start = stateWith(aFlag('ai_v1'), aFlag('pilot.enabled', { restoreRole: 'coordinator' }))

const kill = (
  state: State,
  given: { incident?: string; actor?: typeof operator; flag?: string; now?: number } = {},
) => {
  const { incident, actor = operator, flag = 'ai_v1', now = NOW } = given
  return decideKill(state, killOf(flag, { actor, now, reason: 'test', ...(incident ? { incident } : {}) }))
}
const restore = (state: State, given: Partial<RestoreCommand> = {}, now = NOW) =>
  decideRestore(
    state,
    {
      flag: 'ai_v1',
      actor: engineer,
      request: aRequest(),
      claim: noStep,
      reason: 'well',
      present: [],
      ...given,
    },
    now,
  )
const flag = (state: State, key = 'ai_v1') => state.flags.get(key)!

t.test('kill', async t => {
  t.test('puts a hold that names who, why and which incident', async () => {
    const state = applied(start, kill(start, { incident: 'INC-1' }))
    assert.equal(isKilled(flag(state)), true)
    const [hold] = flag(state).holds
    assert.deepEqual(
      { actor: hold?.actor, incident: hold?.incident, reason: hold?.reason },
      { actor: 'olga', incident: 'INC-1', reason: 'test' },
    )
  })

  t.test('is unchanged, and still an entry, when the same incident kills again', async () => {
    const once = applied(start, kill(start, { incident: 'INC-1' }))
    const again = kill(once, { incident: 'INC-1', actor: engineer })
    assert.equal(again.drafts[0]?.outcome, 'unchanged')
    assert.equal(again.drafts[0]?.hold, flag(once).holds[0]?.id)
    assert.equal(flag(applied(once, again)).holds.length, 1)
  })

  t.test(
    'is unchanged when the same request comes again, also where an incident adopted its hold',
    async () => {
      const request = aRequest()
      const command = killOf('ai_v1', { actor: operator, request })
      const once = applied(start, decideKill(start, command))
      const id = flag(once).holds[0]?.id as string
      const adopted: Draft = {
        action: 'incident.adopted',
        outcome: 'applied',
        actor: { id: 'emil', role: 'engineer', via: 'api' },
        receivedAt: at(1),
        incident: 'INC-1',
        adopted: [{ flag: 'ai_v1', hold: id }],
        request: aRequest(),
      }
      const taken = applied(once, { drafts: [adopted] })
      assert.equal(flag(taken).holds[0]?.incident, 'INC-1')
      const again = decideKill(taken, command)
      assert.equal(again.drafts[0]?.outcome, 'unchanged')
      assert.equal(flag(applied(taken, again)).holds.length, 1)
    },
  )

  t.test('holds once per actor where no incident is named, and once per incident beside it', async () => {
    let state = applied(start, kill(start))
    state = applied(state, kill(state))
    assert.equal(flag(state).holds.length, 1)
    state = applied(state, kill(state, { actor: engineer }))
    state = applied(state, kill(state, { incident: 'INC-1' }))
    assert.equal(flag(state).holds.length, 3)
  })

  t.test('is refused to a role too low, and the refusal names the one that may', async () => {
    const { refusal, drafts } = kill(start, { actor: anActor('viewer', 'vera') })
    assert.equal(refusal?.code, 'forbidden')
    assert.match(refusal?.message ?? '', /vera has role viewer.*operator or higher/)
    assert.deepEqual([drafts[0]?.outcome, drafts[0]?.refusal?.code], ['refused', 'forbidden'])
  })

  t.test('refuses an unknown flag without inventing one', async () => {
    for (const key of ['nope', '__proto__', 'constructor']) {
      const verdict = kill(start, { flag: key })
      assert.equal(verdict.refusal?.code, 'unknown-flag')
      assert.equal(applied(start, verdict).flags.size, 2)
    }
  })
})

t.test('restore', async t => {
  const held = applied(start, kill(start, { incident: 'INC-1' }))

  t.test('releases the hold of the incident it names', async () => {
    const state = applied(held, restore(held, { incident: 'INC-1' }))
    assert.equal(isKilled(flag(state)), false)
  })

  t.test('leaves the flag killed while another incident holds it', async () => {
    const two = applied(held, kill(held, { incident: 'INC-2' }))
    const one = applied(two, restore(two, { incident: 'INC-1' }))
    assert.equal(isKilled(flag(one)), true)
    assert.equal(isKilled(flag(applied(one, restore(one, { incident: 'INC-2' })))), false)
  })

  t.test('says which holds there are when it names none of them', async () => {
    const { refusal } = restore(held, { incident: 'INC-9' })
    assert.equal(refusal?.code, 'nothing-to-release')
    assert.deepEqual(
      refusal!.data.holds!.map(hold => hold.incident),
      ['INC-1'],
    )
  })

  t.test('must name something, and only one thing', async () => {
    assert.equal(restore(held).refusal?.code, 'malformed-request')
    assert.equal(restore(held, { incident: 'INC-1', all: true }).refusal?.code, 'malformed-request')
  })

  t.test('does nothing where the flag has moved since the caller looked', async () => {
    assert.equal(
      restore(held, { all: true, ifMatch: flag(start).place }).refusal?.code,
      'precondition-failed',
    )
    assert.equal(restore(held, { all: true, ifMatch: flag(held).place }, NOW + 1).refusal, undefined)
  })

  t.test('with "all" leaves a kill standing that came after it was asked for', async () => {
    const asked = flag(held).holds.map(hold => hold.id)
    const later = applied(held, kill(held, { incident: 'INC-2', now: NOW + 5 }))
    const state = applied(later, restore(later, { all: true, present: asked }, NOW + 1))
    assert.deepEqual(
      flag(state).holds.map(hold => hold.incident),
      ['INC-2'],
    )
  })

  t.test('leaves a hold that was asked for again after it: the later word is a kill', async () => {
    const again = applied(held, kill(held, { incident: 'INC-1', now: NOW + 10 }))
    const present = flag(again).holds.map(hold => hold.id)
    assert.equal(restore(again, { incident: 'INC-1', present }, NOW + 5).refusal?.code, 'nothing-to-release')
    assert.equal(restore(again, { incident: 'INC-1', present }, NOW + 11).refusal, undefined)
    // one whose date is ahead was there all the same
    const seen = new Map(flag(again).holds.map(hold => [hold.id, hold.again]))
    assert.equal(restore(again, { incident: 'INC-1', present, again: seen }, NOW + 5).refusal, undefined)
  })

  t.test('never releases a hold that was put after it was asked for', async () => {
    const later = applied(start, kill(start, { incident: 'INC-1', now: NOW + 10 }))
    assert.equal(restore(later, { incident: 'INC-1' }, NOW + 5).refusal?.code, 'nothing-to-release')
  })

  t.test('is for the role the flag states', async () => {
    for (const role of ROLES) {
      const may = ['engineer', 'coordinator', 'owner'].includes(role)
      assert.equal(
        restore(held, { incident: 'INC-1', actor: anActor(role) }).refusal === undefined,
        may,
        role,
      )
    }
    const pilot = applied(start, kill(start, { flag: 'pilot.enabled', incident: 'INC-1' }))
    const refused = restore(pilot, { flag: 'pilot.enabled', incident: 'INC-1' })
    assert.match(refused.refusal?.message ?? '', /coordinator or higher/)
  })

  t.test('is never for a credential that may only kill', async () => {
    const sealed = anActor('owner', 'break-glass', { only: 'kill' })
    assert.equal(restore(held, { all: true, actor: sealed }).refusal?.code, 'forbidden')
  })
})

t.test('undo', async t => {
  const held = applied(start, kill(start, { incident: 'INC-1' }))

  t.test("takes back the operator's own kill within five minutes", async () => {
    const verdict = restore(held, { undo: true, actor: operator }, NOW + 5 * 60_000)
    assert.equal(verdict.refusal, undefined)
    assert.equal(isKilled(flag(applied(held, verdict))), false)
  })

  t.test('is over after five minutes', async () => {
    const { refusal } = restore(held, { undo: true, actor: operator }, NOW + 5 * 60_000 + 1)
    assert.equal(refusal?.code, 'forbidden')
    assert.match(refusal?.message ?? '', /undo is for 5 minutes/)
  })

  t.test("never touches another's hold", async () => {
    const other = anActor('operator', 'otto')
    assert.equal(restore(held, { undo: true, actor: other }).refusal?.code, 'nothing-to-release')
    const both = applied(held, kill(held, { incident: 'INC-2', actor: other }))
    const state = applied(both, restore(both, { undo: true, actor: other }))
    assert.deepEqual(
      flag(state).holds.map(hold => hold.actor),
      ['olga'],
    )
  })

  t.test('is told to an operator whose restore is refused', async () => {
    const { refusal } = restore(held, { incident: 'INC-1', actor: operator })
    assert.match(refusal?.message ?? '', /engineer or higher/)
    const [wayOut] = refusal?.data.wayOut ?? []
    assert.deepEqual(wayOut?.call?.body, { flag: 'ai_v1', undo: true })
  })
})

t.test('any order of kills and restores', async t => {
  const incidents = ['INC-1', 'INC-2', undefined] as const
  const actors = [operator, engineer]
  const step = fc.record({
    restores: fc.boolean(),
    incident: fc.constantFrom(...incidents),
    actor: fc.constantFrom(...actors),
  })

  t.test('leaves the flag killed exactly while somebody still holds it', async () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        let state = start
        const holders = new Set<string>()
        for (const { restores, incident, actor } of steps) {
          const holder = incident ?? `by ${actor.id}`
          if (!restores) {
            state = applied(state, kill(state, { actor, ...(incident ? { incident } : {}) }))
            holders.add(holder)
          } else {
            const own = flag(state).holds.find(hold => hold.incident === undefined && hold.actor === actor.id)
            const named = incident ? { incident } : { hold: own?.id ?? 'none' }
            const verdict = restore(state, named)
            state = applied(state, verdict)
            assert.equal(verdict.refusal === undefined, holders.delete(holder))
          }
          assert.equal(isKilled(flag(state)), holders.size > 0)
          assert.equal(flag(state).holds.length, holders.size)
        }
      }),
      { numRuns: 500 },
    )
  })
})
