// The rule as a table, and as properties over random histories.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { apply, fromSnapshot, type Incoming } from '../../sdk/src/follow/apply.js'
import { fromJson, holdOn, type Known, toJson } from '../../sdk/src/follow/known.js'
import type { Held, Snapshot } from '../../src/wire/snapshot.js'
import { flag } from './snapshot-flag.js'

const held = (hold = 'h1', incident?: string): Held => ({
  variant: 'off',
  value: false,
  since: '2026-11-20T03:00:00.000Z',
  holds: [hold],
  ...(incident === undefined ? {} : { incident }),
})

const incoming = (
  log: string,
  revision: number,
  place: number,
  isHeld: boolean,
  more: Partial<Incoming> = {},
) => ({
  environment: 'test',
  log,
  revision,
  hash: `${log}-${revision}`,
  catalogue: 'c1',
  at: '2026-11-20T03:00:00.000Z',
  provisional: [],
  merged: [],
  released: [],
  held: isHeld ? { f: held() } : {},
  flipped: place > 0 ? { f: place } : {},
  ...more,
})

const after = (...steps: Incoming[]): Known | undefined =>
  steps.reduce<Known | undefined>((known, step) => apply(known, step).known, undefined)
const isKilled = (known: Known | undefined) => known !== undefined && holdOn(known, 'f') !== undefined

const provisional = { id: 'p1', flag: 'f', variant: 'off', value: false, since: '2026-11-20T03:00:00.000Z' }

const TABLE: [string, Incoming[], boolean][] = [
  ['a kill is applied', [incoming('a', 5, 5, true)], true],
  ['a later release of the same log is', [incoming('a', 5, 5, true), incoming('a', 6, 6, false)], false],
  [
    'a release that is not beyond the kill is not',
    [incoming('a', 5, 5, true), incoming('a', 9, 5, false)],
    true,
  ],
  ['an older state is not', [incoming('a', 5, 5, true), incoming('a', 4, 4, false)], true],
  ['a kill out of an older state is', [incoming('a', 9, 9, false), incoming('a', 5, 5, true)], true],
  [
    'and that one ends with the state known before',
    [incoming('a', 9, 9, false), incoming('a', 5, 5, true), incoming('a', 9, 9, false)],
    false,
  ],
  [
    'another log that never flipped it releases nothing',
    [incoming('a', 5, 5, true), incoming('b', 3, 0, false)],
    true,
  ],
  ['another log that has flipped it does', [incoming('a', 5, 5, true), incoming('b', 3, 3, false)], false],
  [
    'another log releases nothing by what it said before the kill',
    [incoming('b', 3, 3, false), incoming('a', 5, 5, true), incoming('b', 4, 3, false)],
    true,
  ],
  ['another log kills', [incoming('a', 5, 5, false), incoming('b', 1, 1, true)], true],
  [
    'a lost branch does not release what the log of the new epoch holds',
    [incoming('a', 90, 90, false), incoming('a', 2 ** 32, 50, true), incoming('a', 90, 90, false)],
    true,
  ],
  ['a provisional hold kills', [incoming('a', 1, 0, false, { provisional: [provisional] })], true],
  [
    'an instance that has not heard of it does not drop it',
    [incoming('a', 1, 0, false, { provisional: [provisional] }), incoming('a', 9, 0, false)],
    true,
  ],
  [
    'merged and held by the log: killed still',
    [
      incoming('a', 1, 0, false, { provisional: [provisional] }),
      incoming('a', 2, 2, true, { merged: ['p1'] }),
    ],
    true,
  ],
  [
    'merged and since released: released',
    [
      incoming('a', 1, 0, false, { provisional: [provisional] }),
      incoming('a', 3, 3, false, { merged: ['p1'] }),
    ],
    false,
  ],
  [
    'merged and never seen by that log: killed still',
    [
      incoming('a', 1, 0, false, { provisional: [provisional] }),
      incoming('a', 3, 0, false, { merged: ['p1'] }),
    ],
    true,
  ],
  [
    'a provisional hold that is known to be merged does not come back',
    [
      incoming('a', 3, 3, false, { merged: ['p1'] }),
      incoming('a', 2, 0, false, { provisional: [provisional] }),
    ],
    false,
  ],
]

for (const [name, steps, expected] of TABLE)
  t.test(`apply: ${name}`, async () => {
    assert.equal(isKilled(after(...steps)), expected)
  })

const snapshot = (revision: number, flags: Snapshot['flags'], more: Partial<Snapshot> = {}): Snapshot => ({
  v: 1,
  environment: 'test',
  log: 'a',
  revision,
  hash: `a-${revision}`,
  catalogue: 'c1',
  at: '2026-11-20T03:00:00.000Z',
  provisional: [],
  merged: [],
  released: [],
  flags,
  ...more,
})

t.test('apply: a refusal names both logs and the place', async () => {
  const known = after(incoming('a', 5, 5, true))
  assert.deepEqual(apply(known, incoming('b', 7, 0, false)).refused, [
    { key: 'f', heldBy: 'a', log: 'b', place: 0, revision: 7 },
  ])
})

t.test('apply: only what changed is named', async () => {
  const first = apply(undefined, fromSnapshot(snapshot(1, { f: flag(), g: flag() })))
  assert.deepEqual(first.changed.sort(), ['f', 'g'])
  const second = apply(
    first.known,
    fromSnapshot(snapshot(2, { f: flag({ flipped: 2, held: held() }), g: flag() })),
  )
  assert.deepEqual(second.changed, ['f'])
  assert.deepEqual(apply(second.known, incoming('a', 2, 2, true)).changed, [])
})

t.test(
  'apply: a change with another catalogue asks for definitions, one that is behind does not',
  async () => {
    const { known } = apply(undefined, fromSnapshot(snapshot(5, { f: flag() })))
    assert.equal(apply(known, incoming('a', 6, 0, false)).wantsDefinitions, false)
    assert.equal(apply(known, incoming('a', 6, 0, false, { catalogue: 'c2' })).wantsDefinitions, true)
    assert.equal(apply(known, incoming('a', 4, 0, false, { catalogue: 'c0' })).wantsDefinitions, false)
  },
)

t.test('apply: a removed flag goes, unless it is held', async () => {
  const { known } = apply(
    undefined,
    fromSnapshot(snapshot(1, { f: flag({ flipped: 1, held: held() }), g: flag() })),
  )
  const { known: next, refused } = apply(known, fromSnapshot(snapshot(2, {}, { catalogue: 'c2' })))
  assert.deepEqual([...next.flags.keys()], ['f'])
  assert.equal(next.flags.get('f')?.definition?.killVariant, 'off')
  assert.deepEqual(refused, [])
})

t.test('apply: a kill of a flag that no snapshot has defined is in force by the event alone', async () => {
  const known = after(incoming('a', 5, 5, true))
  assert.equal(known && holdOn(known, 'f')?.value, false)
})

t.test('apply: the names of Object.prototype are flags like others', async () => {
  const known = after(incoming('a', 5, 0, false, { held: { constructor: held() } as Record<string, Held> }))
  assert.ok(known && holdOn(known, 'constructor'))
  assert.equal(known && holdOn(known, 'toString'), undefined)
})

const history = fc.array(fc.record({ kill: fc.boolean(), log: fc.constantFrom('a', 'b') }), {
  minLength: 1,
  maxLength: 12,
})

/** Every state the logs went through, as it would be told. */
function statesOf(flips: { kill: boolean; log: string }[]): Incoming[] {
  const places: Record<string, number> = { a: 0, b: 0 }
  return flips.map(({ kill, log }) => {
    places[log] = (places[log] ?? 0) + 1
    return incoming(log, places[log], places[log], kill)
  })
}

t.test(
  'apply: told in any order, any number of times, the newest state of the one log is in force',
  async () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat(), { maxLength: 30 }), (flips, order) => {
        const states = statesOf(flips.map(flip => ({ ...flip, log: 'a' })))
        const last = states.at(-1) as Incoming
        const told = order.map(n => states[n % states.length] as Incoming)
        assert.equal(isKilled(after(...told, last)), 'f' in last.held)
      }),
    )
  },
)

t.test('apply: while the newest state seen of every log that flipped it is held, it is killed', async () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat(), { minLength: 1, maxLength: 30 }), (flips, order) => {
      const states = statesOf(flips)
      const newest = new Map<string, Incoming>()
      let known: Known | undefined
      for (const state of order.map(n => states[n % states.length] as Incoming)) {
        known = apply(known, state).known
        if (state.revision >= (newest.get(state.log)?.revision ?? 0)) newest.set(state.log, state)
        if ([...newest.values()].every(({ held }) => 'f' in held)) assert.ok(isKilled(known))
      }
    }),
  )
})

t.test('apply: what is written to the cache is what is read from it', async () => {
  fc.assert(
    fc.property(history, flips => {
      const known = after(...statesOf(flips)) as Known
      assert.deepEqual(fromJson(JSON.parse(JSON.stringify(toJson(known)))), known)
    }),
  )
})
