// Warrants: nobody but the service reads one or makes one, each fits into a receipt, and the kill that follows from one says
// whose it was and who showed it.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  decideShownBack,
  killShownBack,
  namesHold,
  openWarrant,
  sealWarrant,
  warrantKey,
} from '../../src/domain/fleet/warrant.js'
import { decideRestore } from '../../src/domain/flip/flip.js'
import { decideKill } from '../../src/domain/flip/kill.js'
import { holdsOf } from '../../src/domain/flip/provisional.js'
import type { State } from '../../src/domain/state.js'
import { aFlag, anActor, applied, aRequest, noStep, stateWith } from '../support/domain.js'
import { aKill } from '../support/provisional.js'

const key = warrantKey(Buffer.alloc(32, 1))
const hold = {
  ...{ id: 'a1b2c3d4e5', flag: 'ai_v1', actor: 'alice@example.org', role: 'operator' as const },
  ...{
    since: '2026-11-20T03:00:00.000Z',
    incident: 'INC-1',
    reason: 'the "model" is slow',
    offRunbook: true,
  },
}
const text = sealWarrant(hold, 'test', key)
const by = { app: 'trustflow', instance: 'api-1' }

t.test('a warrant says of the hold what the service needs, to the service alone', async () => {
  assert.deepEqual(openWarrant(text, 'test', [warrantKey(Buffer.alloc(32, 2)), key]), hold)
  assert.equal(sealWarrant({ ...hold }, 'test', key), text, 'on every instance the same')
  const bytes = Buffer.from(text, 'base64url').toString('latin1')
  for (const said of [hold.actor, hold.id, hold.flag, 'model']) assert.ok(!bytes.includes(said), said)
})

t.test('what another environment or key sealed, and what anybody changed, is no warrant', async () => {
  assert.equal(openWarrant(text, 'production', [key]), undefined)
  assert.equal(openWarrant(text, 'test', [warrantKey(Buffer.alloc(32, 2))]), undefined)
  assert.equal(openWarrant(text, 'test', []), undefined)
  for (const other of ['', 'x', `${text}=`, `${text}\n`, `${text}AA`, text.slice(0, -2), '_'.repeat(1024)])
    assert.equal(openWarrant(other, 'test', [key]), undefined, other)
  const bytes = Buffer.from(text, 'base64url')
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const forged = Buffer.from(bytes)
      forged[at] = (forged[at] as number) ^ by
      return openWarrant(forged.toString('base64url'), 'test', [key]) === undefined
    }),
  )
})

t.test('a warrant fits into a receipt, whatever was written', async () => {
  const long = (reason: string) => sealWarrant({ ...hold, reason }, 'test', key)
  assert.equal(openWarrant(long('x'.repeat(5_000)), 'test', [key])?.reason, `${'x'.repeat(200)}…`)
  assert.equal(openWarrant(long('\u{1f525}'.repeat(300)), 'test', [key])?.reason, '', 'left out')
  for (const each of ['x'.repeat(5_000), '\u{1f525}'.repeat(300), '\u0000'.repeat(200)])
    assert.ok(long(each).length <= 1_024)
  assert.equal(sealWarrant({ ...hold, actor: 'a'.repeat(1_000) }, 'test', key), '')
})

t.test('the kill is of whoever put the hold, and quotes what a person wrote', async () => {
  const state = stateWith(aFlag('ai_v1'))
  const kill = killShownBack(hold, { app: 'trustflow', instance: 'api 1"' })
  const verdict = decideShownBack(state, hold, kill, false)
  const [draft] = verdict.drafts
  assert.deepEqual(
    [draft?.actor, draft?.receivedAt, draft?.hold, draft?.incident],
    [{ id: hold.actor, role: 'operator', via: 'service' }, hold.since, hold.id, 'INC-1'],
  )
  assert.equal(
    draft?.reason,
    'shown back by trustflow "api 1\\"": this log did not have it. alice@example.org had written "the \\"model\\" is slow"',
  )
  assert.ok(draft && namesHold(draft as Parameters<typeof namesHold>[0], hold.id))
  const after = applied(state, verdict)
  assert.deepEqual(
    after.flags.get('ai_v1')?.holds.map(({ id, actor, since }) => [id, actor, since]),
    [[hold.id, hold.actor, hold.since]],
  )
  assert.deepEqual(decideShownBack(after, hold, killShownBack(hold, by), false).drafts, [], 'once')
  assert.deepEqual(decideShownBack(state, hold, kill, true).drafts, [], 'not what the log had meanwhile')
})

t.test(
  'a provisional kill that comes in after its hold was shown back and released kills nothing',
  async () => {
    const provisional = aKill('ai_v1', 'key-1')
    const [{ id = '', actor = '', since = '' } = {}] = holdsOf(provisional)
    const warrant = { ...hold, id, actor, since }
    const state = stateWith(aFlag('ai_v1'))
    const back = applied(state, decideShownBack(state, warrant, killShownBack(warrant, by), false))
    const outcome = (from: State, kill = provisional) => decideKill(from, kill, 'accepted').drafts[0]?.outcome
    assert.equal(outcome(back), 'unchanged', 'while it is held')
    const command = { flag: 'ai_v1', actor: anActor('engineer'), claim: noStep, all: true, reason: 'well' }
    const restore = { ...command, request: aRequest(), present: [warrant.id] }
    const after = applied(back, decideRestore(back, restore, Date.parse(provisional.receivedAt) + 60_000))
    assert.deepEqual(after.flags.get('ai_v1')?.holds, [])
    assert.equal(outcome(after), 'unchanged')
    const again = {
      ...provisional,
      receivedAt: new Date(Date.parse(provisional.receivedAt) + 120_000).toISOString(),
    }
    assert.equal(outcome(after, again), 'applied', 'a kill that was asked for after that is one')
    assert.equal(outcome(after, { ...provisional, origin: { place: 1, hash: '' } }), 'applied', 'of a branch')
  },
)
