// What the command line shows of a proof: the sentence of the service in a colour, and no other; and what it is to the exit
// code.

import assert from 'node:assert/strict'
import t from 'tap'
import { isProven, isProvenInLog, isStatusProven } from '../../src/cli/flip/proven.js'
import { apartLines } from '../../src/cli/print/apart.js'
import { convergenceLines, liveLine, nowLines, proofLines } from '../../src/cli/print/convergence.js'
import { sentence } from '../../src/cli/print/entry.js'
import { flagLines, flagTable } from '../../src/cli/print/flag.js'
import { fleetLines, forgottenLines } from '../../src/cli/print/fleet.js'
import { styleFor } from '../../src/cli/print/style.js'
import type { Convergence, Proof } from '../../src/wire/convergence.js'
import type { ListedEntry } from '../../src/wire/entry.js'
import type { Flag } from '../../src/wire/flag.js'
import type { Flip, FlipStatus } from '../../src/wire/flip.js'
import type { Instance, InstanceList } from '../../src/wire/instance.js'

const plain = styleFor(false)
const coloured = styleFor(true)
const NOW = Date.parse('2026-11-20T03:10:00.000Z')
const AT = '2026-11-20T03:00:00.000Z'

const found = (given: Partial<Convergence>): Convergence => ({
  status: 'confirmed',
  detail: 'the sentence of the service',
  revision: 7,
  application: 'trustflow',
  count: { applied: 0, pending: 0, lost: 0, cannotProve: 0, expired: 0, apart: 0 },
  ...{ applied: [], pending: [], lost: [], cannotProve: [], expired: [], apart: [], because: [], served: 0 },
  ...given,
})
const apart = (instance: string, detail: string) => ({ instance, code: 'ahead' as const, detail })

t.test('a proof is shown', async t => {
  t.test('as the sentence of the service, in the colour of its word', async () => {
    const lines = (['confirmed', 'pending', 'unconfirmed', 'unproven'] as const).map(status =>
      convergenceLines([found({ status })], coloured).join('\n'),
    )
    const text = 'the sentence of the service'
    assert.deepEqual(lines, [
      coloured.green(text),
      coloured.yellow(text),
      coloured.red(text),
      coloured.yellow(text),
    ])
    const newer = found({ status: 'believed' as never })
    assert.deepEqual(convergenceLines([newer], coloured), [coloured.yellow(text)])
  })

  t.test('while it is waited for as the same sentence, with the seconds', async () => {
    const line = liveLine([found({ status: 'pending' }), found({ detail: 'not this one' })], 12_400, plain)
    assert.equal(line, 'the sentence of the service (12 s)')
  })

  t.test('with the instances that stand apart, five of them', async () => {
    const seven = Array.from({ length: 7 }, (_, index) => apart(`api-${index}`, 'goes by another log'))
    const twice = apart('api-0', 'is forced')
    const count = { ...found({}).count, apart: 60 }
    const lines = convergenceLines([found({ apart: [...seven, twice], count })], plain)
    assert.equal(lines.length, 7)
    assert.equal(lines[1], '! api-0 goes by another log; is forced', 'a line each, whatever it does')
    assert.equal(lines[5], '! api-4 goes by another log')
    assert.equal(lines[6], '! and 54 more: killswitch fleet')
    assert.equal(convergenceLines([found({})], plain).length, 1)
  })

  t.test('of the log with its time and place, of now under its own name', async () => {
    const proof: Proof = {
      ...{ status: 'confirmed', detail: '3/3 confirmed', flag: 'ai_v1', place: 9, at: AT },
      ...{ applied: 3, of: 3 },
    }
    assert.deepEqual(proofLines([proof], plain), [
      'in the log at 2026-11-20 03:00:00 UTC, entry 0-9: 3/3 confirmed',
    ])
    assert.deepEqual(proofLines([proof, { ...proof, flag: 'kyc_v1', status: 'unconfirmed' }], plain), [
      'in the log at 2026-11-20 03:00:00 UTC, entry 0-9: ai_v1: 3/3 confirmed',
      'in the log at 2026-11-20 03:00:00 UTC, entry 0-9: kyc_v1: 3/3 confirmed',
    ])
    assert.deepEqual(nowLines([found({})], plain), ['now: the sentence of the service'])
  })
})

t.test('a flip is proved', async t => {
  const flip = { flag: 'ai_v1', action: 'kill' } as Flip
  const proof = (status: Proof['status'], flag = 'ai_v1') => ({ status, flag }) as Proof
  const status = (given: Partial<FlipStatus>): FlipStatus => ({
    ...{ state: 'applied', environment: 'test', detail: '', flip },
    ...given,
  })

  t.test('by every application, and never because nothing is said', async () => {
    assert.equal(isProven([found({})]), true)
    for (const other of ['pending', 'unconfirmed', 'unproven'] as const)
      assert.equal(isProven([found({}), found({ status: other })]), false, other)
    assert.equal(isProven([]), false)
    assert.equal(isProven(undefined), false)
  })

  t.test('by the log for ever, of a run flag by flag; else by what is known now', async () => {
    const pending = [found({ status: 'pending' })]
    assert.equal(isStatusProven(status({ proof: [proof('confirmed')], convergence: pending })), true)
    assert.equal(isStatusProven(status({ proof: [proof('unconfirmed')], convergence: pending })), false)
    assert.equal(isStatusProven(status({ convergence: [found({})] })), true)
    assert.equal(isStatusProven(status({})), false)
    const run = { flip: { action: 'step.run' } as Flip, flips: [flip, { ...flip, flag: 'kyc_v1' }] }
    assert.equal(isProvenInLog(status({ ...run, proof: [proof('confirmed')] })), false, 'half of the run')
    assert.equal(
      isProvenInLog(status({ ...run, proof: [proof('confirmed'), proof('confirmed', 'kyc_v1')] })),
      true,
    )
    assert.equal(isProvenInLog(status({ flip: run.flip, proof: [proof('confirmed')] })), false)
  })

  t.test('where it was not done, never; and where it is none, there is nothing to prove', async () => {
    assert.equal(isStatusProven({ state: 'never', environment: 'test', detail: '' }), false)
    assert.equal(isStatusProven(status({ state: 'refused' })), false)
    assert.equal(isStatusProven(status({ flip: { action: 'incident.declared' } as Flip })), true)
  })
})

t.test('the fleet', async t => {
  const member = (given: Partial<Instance>): Instance => ({
    ...{ instance: 'api-1', app: 'trustflow', liveness: 'live', proves: true, lastHeardAt: AT, ageMs: 1 },
    ...{ openedAt: AT, revision: 7, current: true, apart: [] },
    ...given,
  })
  const list = (given: Partial<InstanceList>): InstanceList => ({
    ...{
      environment: 'test',
      revision: 7,
      live: 0,
      awaited: 0,
      lost: 0,
      closed: 0,
      forgotten: 0,
      replaced: 0,
      refused: 0,
    },
    instances: [],
    ...given,
  })
  const look = { style: plain, columns: undefined, now: NOW }
  const asked = { app: undefined, isLostOnly: false }

  t.test('says of each how it stands to the log', async () => {
    const lines = fleetLines(
      list({
        live: 8,
        lost: 1,
        closed: 1,
        instances: [
          member({}),
          member({ instance: 'api-2', current: false }),
          member({ instance: 'api-3', proves: false, current: false }),
          member({ instance: 'api-4', apart: [{ code: 'holding', detail: 'long', flags: ['ai_v1', 'b'] }] }),
          member({ instance: 'api-5', apart: [{ code: 'ahead', detail: 'has seen entry 9' }] }),
          member({ instance: 'api-6', apart: [{ code: 'forced', detail: 'long', flags: ['ai_v1'] }] }),
          member({ instance: 'api-7', apart: [{ code: 'newer' as never, detail: 'is odd' }] }),
          member({ instance: 'api-8', liveness: 'closed', current: false }),
        ],
      }),
      asked,
      look,
    )
    assert.match(lines[0] ?? '', /8 live, 0 awaited, 1 lost, 1 closed, 0 refused, revision 0-7/)
    const cells = lines.slice(3).map(line => line.split(/ {2,}/).slice(0, 4))
    assert.deepEqual(
      cells.map(([name, , , standing]) => `${name} ${standing}`),
      [
        'api-1 current',
        'api-2 behind',
        'api-3 cannot prove: no session',
        'api-4 holds ai_v1, b',
        'api-5 ahead of the log',
        'api-6 forces ai_v1',
        'api-7 is odd',
        'api-8 0-7',
      ],
    )
  })

  t.test('says how many rows there are more, and how they are seen', async () => {
    const some = list({ live: 250, lost: 9, instances: [member({})], next: 'x' })
    assert.equal(fleetLines(some, asked, look).at(-1), '258 more: killswitch fleet --all')
    assert.equal(
      fleetLines(some, { app: 'trustflow', isLostOnly: true }, look).at(-1),
      '8 more: killswitch fleet --app trustflow --lost --all',
    )
    assert.match(fleetLines(list({ refused: 3 }), asked, look).join('\n'), /! 3 time\(s\) within a day/)
    assert.match(fleetLines(list({}), asked, look).join('\n'), /No app instance was heard of within a day/)
    assert.match(
      fleetLines(list({ live: 1 }), { app: 'trustflow', isLostOnly: true }, look).join('\n'),
      /No instance of trustflow is lost/,
    )
    const gone = { environment: 'test', refused: 0, count: 60, instances: ['a', 'b'], entries: [8, 9] }
    assert.deepEqual(forgottenLines(gone, undefined, plain), [
      'Forgot 60 app instances.  [test] entries 0-8, 0-9',
      '  a, b and 58 more',
    ])
  })

  t.test('is named below what is in force: three of it, and by application', async () => {
    const instances = ['a', 'b', 'c', 'd'].map(name => ({
      app: name === 'd' ? 'pilot' : 'trustflow',
      ...apart(name, 'is odd'),
    }))
    const lines = (app?: string) => apartLines({ instances }, app, plain)
    assert.deepEqual(lines(), [
      '! a (trustflow) is odd',
      '! b (trustflow) is odd',
      '! c (trustflow) is odd',
      '! and 1 more: killswitch fleet',
    ])
    assert.deepEqual(lines('pilot'), ['! d (pilot) is odd'])
    assert.deepEqual(lines('inflow'), [])
    assert.deepEqual(apartLines({ sentence: 'App instances stand apart.' }, 'inflow', plain), [
      '! App instances stand apart.',
    ])
    assert.match(apartLines(undefined, undefined, plain).join(), /is not known: killswitch fleet/)
  })
})

t.test('an entry about app instances', async t => {
  const entry = (given: Partial<ListedEntry>) =>
    ({
      ...{ environment: 'test', at: AT, actor: { id: 'ana', role: 'operator', via: 'cli' }, place: 9 },
      ...{ application: 'trustflow', outcome: 'applied' },
      ...given,
    }) as ListedEntry

  t.test('is told in the words that every surface has', async () => {
    const confirmed = {
      ...{ flip: 8, complete: false, applied: 1, of: 2, pending: [], lost: ['api-2'], served: 0 },
    }
    const said = (given: Partial<ListedEntry>) => sentence(entry(given)).replace(/^.*ana /, '')
    assert.equal(
      said({ action: 'flip.unconfirmed', flag: 'ai_v1', confirmed }),
      'ai_v1, entry 0-8: unconfirmed: 1/2 confirmed by trustflow; lost: api-2. If it still runs, it runs as it last knew.',
    )
    assert.equal(
      said({
        action: 'flip.confirmed',
        flag: 'ai_v1',
        confirmed: { ...confirmed, complete: true, applied: 2, lost: [] },
      }),
      'ai_v1, entry 0-8: 2/2 confirmed by trustflow.',
    )
    assert.equal(
      said({ action: 'fleet.forgotten', forgotten: [{ id: 'x', instance: 'api-2' }], reason: 'gone' }),
      'forgot 1 app instance of trustflow: api-2. Reason: gone',
    )
    assert.equal(
      said({ action: 'fleet.reconciled', reconciled: [{ flag: 'ai_v1', holds: ['h'] }] }),
      'released in the apps of trustflow: ai_v1.',
    )
  })
})

t.test('a provisional hold', async t => {
  t.test('is marked as one, in the table and beside its flag', async () => {
    const hold = { id: 'abc', actor: 'ana', since: AT, reason: 'x', offRunbook: true, place: 0 }
    const flag = (provisional: boolean) =>
      ({
        ...{ key: 'ai_v1', application: 'trustflow', environment: 'test', killed: true, label: 'off' },
        kill: { label: 'Turn off', role: 'operator' },
        restore: { label: 'Turn on', role: 'engineer' },
        holds: [{ ...hold, ...(provisional ? { provisional: true as const } : {}) }],
      }) as unknown as Flag
    const look = { style: plain, columns: undefined, now: NOW }
    const shown = (provisional: boolean) => [
      flagTable(
        { environment: 'test', revision: 7, upstream: 'live', flags: [flag(provisional)] } as never,
        'u',
        look,
      ).join('\n'),
      flagLines(flag(provisional), look).join('\n'),
    ]
    for (const text of shown(true)) assert.match(text, /provisional/)
    for (const text of shown(false)) assert.doesNotMatch(text, /provisional/)
  })
})
