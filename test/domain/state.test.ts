import assert from 'node:assert/strict'
import t from 'tap'
import { decideRestore } from '../../src/domain/flip/flip.js'
import { decideKill } from '../../src/domain/flip/kill.js'
import { INITIAL, isKilled, type State } from '../../src/domain/state.js'
import {
  aCatalogue,
  aFlag,
  after,
  anActor,
  applied,
  aRequest,
  killOf,
  loaded,
  NOW,
  noStep,
  stateWith,
} from '../support/domain.js'

const start = stateWith(aFlag('ai_v1'), aFlag('kyc_v1'))
const kill = (state: State, flag = 'ai_v1') =>
  applied(state, decideKill(state, killOf(flag, { reason: 'test' })))
const release = (state: State, flag = 'ai_v1') =>
  applied(
    state,
    decideRestore(
      state,
      {
        flag,
        actor: anActor('engineer'),
        request: aRequest(),
        claim: noStep,
        reason: 'well',
        all: true,
        present: flagOf(state, flag).holds.map(h => h.id),
      },
      NOW,
    ),
  )
const flagOf = (state: State, key = 'ai_v1') => state.flags.get(key)!
const reload = (state: State, ...flags: Parameters<typeof aCatalogue>) =>
  after(state, loaded(aCatalogue(...flags))).state

t.test('the fold', async t => {
  t.test(
    'names the log by its first entry, and moves the revision only by what changes something',
    async () => {
      assert.equal(INITIAL.log, undefined)
      const killed = kill(start)
      const unchanged = kill(killed)
      assert.equal(killed.log, start.log)
      assert.equal(killed.revision, 2)
      assert.equal(unchanged.revision, 2)
      assert.equal(unchanged.head.seq, 3)
    },
  )

  t.test(
    'keeps a held flag killed when its definition is deleted, and lets it go when it is released',
    async () => {
      const orphan = reload(kill(start), aFlag('kyc_v1'))
      assert.equal(flagOf(orphan).orphaned, true)
      assert.equal(isKilled(flagOf(orphan)), true)
      const released = release(orphan)
      assert.equal(released.flags.has('ai_v1'), false)
      assert.equal(start.flags.has('ai_v1'), true)
    },
  )

  t.test('drops a flag that nobody holds when its definition is deleted', async () => {
    assert.equal(reload(start, aFlag('kyc_v1')).flags.has('ai_v1'), false)
  })

  t.test('does not let an edit change what a kill in force means', async () => {
    const harmless = aFlag('ai_v1', { killVariant: 'on', defaultVariant: 'off' })
    const edited = reload(kill(start), harmless, aFlag('kyc_v1'))
    assert.equal(flagOf(edited).definition.killVariant, 'off')
    assert.equal(flagOf(edited).orphaned, true)
    assert.equal(flagOf(release(edited)).definition.killVariant, 'on')
    assert.equal(flagOf(release(edited)).orphaned, false)
  })

  t.test('takes an edit of words while held', async () => {
    const edited = reload(kill(start), aFlag('ai_v1', { description: 'new words' }), aFlag('kyc_v1'))
    assert.equal(flagOf(edited).definition.description, 'new words')
    assert.equal(flagOf(edited).orphaned, false)
    assert.equal(isKilled(flagOf(edited)), true)
  })

  t.test('moves the place of exactly the flags that changed', async () => {
    const edited = reload(start, aFlag('ai_v1', { description: 'new words' }), aFlag('kyc_v1'))
    assert.notEqual(flagOf(edited).place, flagOf(start).place)
    assert.equal(flagOf(edited, 'kyc_v1').place, flagOf(start, 'kyc_v1').place)
  })

  t.test('comes back the same from an orphan that is defined again', async () => {
    const orphan = reload(kill(start), aFlag('kyc_v1'))
    const back = reload(orphan, aFlag('ai_v1'), aFlag('kyc_v1'))
    assert.equal(flagOf(back).orphaned, false)
    assert.equal(flagOf(back).holds.length, 1)
  })

  t.test('never changes the state it was given', async () => {
    const before = JSON.stringify([...start.flags])
    kill(start)
    assert.equal(JSON.stringify([...start.flags]), before)
  })
})
