// Where an app stands apart from what it heard: what it answers, what it holds for reasons that the sender does not have,
// and what a person let it go of. As a table, as properties over random histories, and with a shared cache file.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { apply, type Incoming } from '../../sdk/src/follow/apply.js'
import { fromJson, holdOn, type Known, toJson } from '../../sdk/src/follow/known.js'
import { unite } from '../../sdk/src/follow/union.js'
import { readKnown, readSnapshot } from '../../sdk/src/follow/wire.js'
import type { Held, ProvisionalHold } from '../../src/wire/snapshot.js'
import { flag } from './snapshot-flag.js'

const SINCE = '2026-11-20T03:00:00.000Z'
const held = (...holds: string[]): Held => ({ variant: 'off', value: false, since: SINCE, holds })
const waiting = (id: string, key = 'f'): ProvisionalHold => ({
  id,
  flag: key,
  variant: 'off',
  value: false,
  since: SINCE,
})

type Told = Partial<Omit<Incoming, 'held'>> & { holds?: string[] }

/** What a log tells of the flag `f`: its holds, or none. */
const told = (log: string, revision: number, { holds = [], ...more }: Told = {}): Incoming => ({
  environment: 'test',
  log,
  revision,
  hash: `${log}-${revision}`,
  catalogue: 'c1',
  at: SINCE,
  provisional: [],
  merged: [],
  released: [],
  held: holds.length > 0 ? { f: held(...holds) } : {},
  flipped: {},
  ...more,
})

const after = (...steps: Incoming[]): Known =>
  steps.reduce<Known | undefined>((known, step) => apply(known, step).known, undefined) as Known
const isKilled = (known: Known) => holdOn(known, 'f') !== undefined
const killed = (log: string, revision: number, ...holds: string[]) =>
  told(log, revision, { holds, flipped: { f: revision } })

t.test('what is answered is what came last, also where more is known', async () => {
  const known = after(killed('a', 9, 'h1'), told('a', 4))
  assert.deepEqual([known.revision, known.heard], [9, { log: 'a', revision: 4, hash: 'a-4' }])
})

t.test('a kill from an instance that is behind is in force, and is no hold apart', async () => {
  const known = after(told('a', 9), killed('a', 4, 'h1'))
  assert.deepEqual([isKilled(known), known.revision, known.heard?.revision], [true, 9, 4])
  assert.deepEqual(known.holding, {})
})

const APART: [string, Incoming[], Record<string, string[]>][] = [
  ['nothing', [killed('a', 5, 'h1')], {}],
  ['a release that is not believed', [killed('a', 5, 'h1', 'h2'), told('a', 6)], { f: ['h1', 'h2'] }],
  ['a log that never had it', [killed('a', 5, 'h1'), told('b', 2)], { f: ['h1'] }],
  ['held by that log too', [killed('a', 5, 'h1'), killed('b', 2, 'h9')], {}],
  ['a provisional hold that is listed', [told('a', 5, { provisional: [waiting('p1')] })], {}],
  [
    'a provisional hold the sender has not heard of',
    [told('a', 5, { provisional: [waiting('p1')] }), told('a', 6)],
    { f: ['p1'] },
  ],
  [
    'a provisional hold that is in the log, and in force there',
    [told('a', 5, { provisional: [waiting('p1')] }), told('a', 6, { merged: ['p1'], holds: ['p1'] })],
    {},
  ],
  [
    'a provisional hold that is in a log which does not hold the flag, and cannot account for it',
    [told('a', 5, { provisional: [waiting('p1')] }), told('a', 6, { merged: ['p1'] })],
    { f: ['p1'] },
  ],
  [
    'a hold and a provisional one',
    [killed('a', 5, 'h1'), told('a', 6, { provisional: [waiting('p1')] }), told('b', 1)],
    { f: ['h1', 'p1'] },
  ],
  [
    'and it ends when the sender has the hold',
    [killed('a', 5, 'h1'), told('b', 2), killed('a', 5, 'h1')],
    {},
  ],
]
for (const [name, steps, expected] of APART)
  t.test(`holding apart: ${name}`, async () => assert.deepEqual(after(...steps).holding, expected))

const warranted = (step: Incoming): Incoming => ({
  ...step,
  held: Object.fromEntries(
    Object.entries(step.held).map(([key, hold]) => [
      key,
      { ...hold, warrants: hold.holds.map(id => `w-${id}`) },
    ]),
  ),
  provisional: step.provisional.map(hold => ({ ...hold, warrant: `w-${hold.id}` })),
})
const NEXT_EPOCH = 2 ** 32
const SHOWN: [string, Incoming[], string[]][] = [
  ['nothing of what the sender has', [killed('a', 5, 'h1', 'h2')], []],
  ['a hold that another log does not have', [killed('a', 5, 'h1'), told('b', 2)], ['h1']],
  ['a hold that the log does not have any more', [killed('a', 5, 'h1'), told('a', 4)], ['h1']],
  ['beside the holds that the log has', [killed('a', 5, 'h1', 'h2'), killed('a', 4, 'h2')], ['h1']],
  ['nothing that was released', [killed('a', 5, 'h1'), told('a', 6, { flipped: { f: 6 } })], []],
  [
    'nothing that was released while another hold stays',
    [killed('a', 5, 'h1', 'h2'), killed('a', 6, 'h2')],
    [],
  ],
  [
    'nothing that was released in the apps',
    [killed('a', 5, 'h1', 'h2'), told('b', 2, { released: ['h1'] })],
    ['h2'],
  ],
  [
    'a hold in whose place another log put its own',
    [killed('a', 5, 'h1'), killed('b', 2, 'h2'), killed('b', 3, 'h2')],
    ['h1'],
  ],
  [
    'a hold in whose place a later epoch put its own',
    [killed('a', 5, 'h1'), killed('a', NEXT_EPOCH, 'h2')],
    ['h1'],
  ],
  [
    'no longer than its flag is killed',
    [killed('a', 5, 'h1'), killed('b', 2, 'h2'), told('b', 3, { flipped: { f: 3 } })],
    [],
  ],
  [
    'a provisional hold that no log has',
    [told('a', 5, { provisional: [waiting('p1')] }), told('a', 5)],
    ['p1'],
  ],
  [
    'no provisional hold that a log has taken in',
    [told('a', 5, { provisional: [waiting('p1')] }), told('a', 6, { merged: ['p1'] })],
    [],
  ],
]
for (const [name, steps, ids] of SHOWN)
  t.test(`shown back: ${name}`, async () => {
    const known = after(...steps.map(warranted))
    assert.deepEqual(
      known.toShow,
      ids.map(id => ({ flag: 'f', id, warrant: `w-${id}` })),
    )
    assert.deepEqual(
      readKnown(JSON.parse(JSON.stringify(toJson(known))))?.toShow,
      known.toShow,
      'out of its file',
    )
    assert.deepEqual(after(...steps).toShow, [], 'of an older service nothing')
    assert.deepEqual({ ...after(...steps), toShow: [] }.holding, known.holding)
  })

t.test('that a hold has another warrant is no change of its flag', async () => {
  const known = after(warranted(killed('a', 5, 'h1')))
  assert.deepEqual(apply(known, killed('a', 5, 'h1')).changed, [])
})

const RELEASED: [string, Incoming[], boolean][] = [
  ['by its own log', [killed('a', 5, 'h1'), told('a', 5, { released: ['h1'] })], false],
  ['by another log', [killed('a', 5, 'h1'), told('b', 1, { released: ['h1'] })], false],
  ['by an instance that is behind', [killed('a', 5, 'h1'), told('a', 3, { released: ['h1'] })], false],
  ['another hold', [killed('a', 5, 'h1'), told('b', 1, { released: ['h2'] })], true],
  ['one of two holds', [killed('a', 5, 'h1', 'h2'), told('b', 1, { released: ['h1'] })], true],
  ['both of two holds', [killed('a', 5, 'h1', 'h2'), told('b', 1, { released: ['h2', 'h1'] })], false],
  [
    'a hold without any id',
    [{ ...killed('a', 5), held: { f: held() } }, told('b', 1, { released: ['h1'] })],
    true,
  ],
  [
    'while the log itself holds the flag for another reason',
    [killed('a', 5, 'h1'), killed('b', 1, 'h2'), told('a', 3, { holds: ['h3'], released: ['h1', 'h2'] })],
    true,
  ],
  [
    'a provisional hold',
    [told('a', 5, { provisional: [waiting('p1')] }), told('a', 5, { released: ['p1'] })],
    false,
  ],
  [
    'a provisional hold, which an instance that was cut off goes on telling of',
    [
      told('a', 5, { provisional: [waiting('p1')] }),
      told('b', 5, { released: ['p1'] }),
      told('a', 5, { provisional: [waiting('p1')] }),
    ],
    false,
  ],
  [
    'a hold that a log turns out to have',
    [killed('a', 5, 'h1'), told('b', 1, { released: ['h1'] }), killed('a', 5, 'h1')],
    true,
  ],
]
for (const [name, steps, expected] of RELEASED)
  t.test(`released, ${name}: ${expected ? 'killed still' : 'let go of'}`, async () =>
    assert.equal(isKilled(after(...steps)), expected),
  )

t.test('released while it is held for another reason as well: that reason is the one in force', async () => {
  const known = after(killed('a', 9, 'h1'), told('a', 3, { holds: ['h3'], released: ['h1'] }))
  assert.deepEqual(holdOn(known, 'f')?.holds, ['h3'])
  assert.equal(isKilled(after(killed('a', 9, 'h1'), told('a', 3, { holds: ['h3'] }))), true)
})

t.test('a release by id is no refused release, and names the flag as changed', async () => {
  const applied = apply(after(killed('a', 5, 'h1')), told('b', 1, { released: ['h1'] }))
  assert.deepEqual([applied.refused, applied.changed], [[], ['f']])
})

const step = fc.record({
  log: fc.constantFrom('a', 'b'),
  revision: fc.integer({ min: 1, max: 6 }),
  holds: fc.uniqueArray(fc.constantFrom('h1', 'h2', 'h3'), { maxLength: 2 }),
  place: fc.integer({ min: 0, max: 6 }),
  provisional: fc.uniqueArray(fc.constantFrom('p1', 'p2'), { maxLength: 2 }),
  merged: fc.uniqueArray(fc.constantFrom('p1', 'p2'), { maxLength: 1 }),
})
const steps = fc.array(step, { minLength: 1, maxLength: 10 })
const ids: fc.Arbitrary<string[]> = fc.uniqueArray(fc.constantFrom('h1', 'h2', 'h3', 'p1', 'p2'))
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
const tell = ({ log, revision, holds, place, provisional, merged }: Step): Incoming =>
  told(log, revision, {
    holds,
    flipped: place > 0 ? { f: place } : {},
    provisional: provisional.map(id => waiting(id)),
    merged,
  })

/** Every hold that is in force on `f`. */
const holdsOf = (known: Known): string[] => [
  ...(known.flags.get('f')?.held?.holds ?? []),
  ...known.provisional.keys(),
]

t.test('whatever was told before: a release takes what it names whole, and nothing else', async () => {
  fc.assert(
    fc.property(steps, ids, (history, released) => {
      const known = after(...history.map(tell))
      const log = known.flags.get('f')?.held?.holds
      const { known: next } = apply(known, told('c', 1, { released }))
      const goes = log?.every(id => released.includes(id)) ?? true
      const kept = (goes ? [] : (log ?? [])).concat(
        [...known.provisional.keys()].filter(id => !released.includes(id)),
      )
      assert.deepEqual(holdsOf(next), kept)
      assert.deepEqual(next.holding, kept.length > 0 ? { f: kept } : {}, 'what is kept is told of')
      assert.ok(!next.released.some(id => holdsOf(next).includes(id)), 'none that is in force counts as gone')
    }),
  )
})

t.test(
  'whatever was told before: what came last is answered, and accounts for what is held or not',
  async () => {
    fc.assert(
      fc.property(steps, history => {
        const known = after(...history.map(tell))
        const last = tell(history.at(-1) as Step)
        assert.deepEqual(known.heard, { log: last.log, revision: last.revision, hash: last.hash })
        assert.ok(known.revision >= last.revision)
        if ('f' in last.held) assert.ok(isKilled(known), 'a kill is taken from anybody')
        if (isKilled(known) && !('f' in last.held) && last.provisional.length === 0)
          assert.deepEqual(known.holding.f, holdsOf(known))
        if (!isKilled(known)) assert.deepEqual(known.holding, {})
      }),
    )
  },
)

t.test('what was released comes back out of no other cache file, from either side', async () => {
  fc.assert(
    fc.property(steps, steps, ids, (mine, theirs, released) => {
      const gone = apply(after(...mine.map(tell)), told('c', 1, { released })).known
      const other = after(...theirs.map(tell))
      const isOpen = (known: Known) =>
        (known.flags.get('f')?.held?.holds.some(id => !gone.released.includes(id)) ?? false) ||
        [...known.provisional.keys()].some(id => !gone.released.includes(id))
      for (const both of [unite(gone, other), unite(other, gone)] as Known[]) {
        const letGo = holdsOf(both).every(id => gone.released.includes(id))
        assert.ok(holdsOf(both).length === 0 || !letGo, 'a hold is in force that was released whole')
        if (!isOpen(gone) && !isOpen(other)) assert.equal(isKilled(both), false)
        if (!isKilled(both)) assert.deepEqual(both.holding, {})
      }
    }),
  )
})

t.test('what only the other process has seen stands apart from what this one heard', async () => {
  const both = unite(after(told('a', 5)), after(killed('a', 9, 'h1'))) as Known
  assert.deepEqual([both.heard?.revision, both.holding], [5, { f: ['h1'] }])
})

t.test('the cache keeps all of it, and one of an older SDK is read without', async () => {
  const known = after(killed('a', 5, 'h1'), told('b', 2, { released: ['x'] }))
  assert.deepEqual(fromJson(JSON.parse(JSON.stringify(toJson(known)))), known)
  assert.deepEqual(readKnown(JSON.parse(JSON.stringify(toJson(known)))), known)
  const { heard: _heard, holding: _holding, released: _released, ...older } = toJson(known)
  const read = readKnown(JSON.parse(JSON.stringify(older)))
  assert.deepEqual([read?.heard, read?.holding, read?.released], [undefined, {}, []])
  assert.equal(read && isKilled(read), true)
})

t.test('a snapshot of an older service is one without a hash and with nothing released', async () => {
  const { hash: _hash, released: _released, held: _held, flipped: _flipped, ...older } = told('a', 5)
  const read = readSnapshot({ ...older, v: 1, flags: { f: flag() } })
  assert.deepEqual([read?.hash, read?.released], ['', []])
  assert.equal(readSnapshot({ ...older, released: [1], v: 1, flags: {} }), undefined)
})
