// Every app is a witness: it remembers the largest checkpoint, over restarts too, and tells of a log that contradicts it.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { Killswitch } from '../../sdk/src/killswitch.js'
import type { KillswitchOptions } from '../../sdk/src/options.js'
import type { ResponseLike } from '../../sdk/src/runtime.js'
import {
  type Checkpoint,
  originOf,
  parseCheckpoint,
  signCheckpoint,
} from '../../src/domain/log/checkpoint.js'
import { cosignatureLine } from '../../src/domain/log/cosignature.js'
import { LogKeys, type SigningKey } from '../../src/domain/log/log-keys.js'
import { leafHash } from '../../src/domain/log/merkle.js'
import { COSIGNER, verifierKey } from '../../src/domain/log/note.js'
import type { Receipt } from '../../src/wire/receipt.js'
import { changedLog, checkpointOf, ENVIRONMENT, keyChangesOf, logOf } from '../support/key-changes.js'
import { proofOf, rootOf } from '../support/trees.js'
import { Pipe, respond, sse, World } from './world.js'

const key = generateKeyPairSync('ed25519').privateKey
const other = generateKeyPairSync('ed25519').privateKey
const ORIGIN = 'killswitch/test/0123456789abcdef'
const hash = 'a'.repeat(64)

/** A log as it is shown: its lines, and what is signed and proved of them. */
const aLog = (count: number, nameOf = (at: number) => `line ${at}`) =>
  Array.from({ length: count }, (_, at) => nameOf(at + 1))
const long = aLog(100)

const noteOf = (
  size: number,
  given: Partial<Checkpoint> = {},
  by = key,
  lines: readonly string[] = long,
): string =>
  signCheckpoint(
    {
      origin: ORIGIN,
      size,
      root: rootOf(lines, size),
      head: { epoch: 0, seq: size, hash },
      openings: [],
      ...given,
    },
    by,
  )

const position = {
  environment: 'test',
  log: 'a',
  revision: 5,
  catalogue: 'c1',
  at: '2026-11-20T03:00:00.000Z',
  provisional: [],
  merged: [],
}

/** An app on one service, whose heartbeats are given by hand; `disk` is its cache file. */
function anApp(given: { options?: KillswitchOptions; disk?: { text: string | undefined } } = {}) {
  const world = new World()
  const receipts: Receipt[] = []
  const warnings: string[] = []
  const asked: string[] = []
  /** The log that the service proves, or what it answers instead. */
  const service: {
    lines: readonly string[]
    newest: string
    answer?: () => ResponseLike
    keyChanges?: () => unknown
  } = {
    lines: long,
    newest: noteOf(100),
  }
  let pipe: Pipe | undefined
  world.hosts.set('http://a:1', async (url, init) => {
    if (url.pathname === '/v1/receipts') {
      receipts.push(...(JSON.parse(String(init.body)) as { receipts: Receipt[] }).receipts)
      return respond(202)
    }
    if (url.pathname === '/v1/audit/consistency') {
      const [from, to] = ['from', 'to'].map(name => Number(url.searchParams.get(name))) as [number, number]
      asked.push(`${from} to ${to}`)
      if (service.answer) return service.answer()
      const proof = proofOf(service.lines, from, to)
      return respond(200, JSON.stringify({ from, to, proof, checkpoint: service.newest }))
    }
    if (url.pathname === '/v1/audit/key-changes')
      return service.keyChanges ? respond(200, JSON.stringify(service.keyChanges())) : respond(404)
    if (url.pathname === '/v1/snapshot') return respond(200, JSON.stringify({ ...position, v: 1, flags: {} }))
    pipe = new Pipe(init.signal)
    pipe.write(sse('change', { ...position, v: 1, held: {}, flipped: {} }))
    const headers = { get: (name: string) => (name === 'content-type' ? 'text/event-stream' : null) }
    return { status: 200, headers, body: pipe.read(), text: async () => '' }
  })
  const disk = given.disk ?? { text: undefined }
  const killswitch = new Killswitch(
    {
      url: 'http://a:1',
      token: 't',
      app: 'app',
      logger: { warn: text => warnings.push(text), error: text => warnings.push(text) },
      ...given.options,
    },
    {
      runtime: world,
      disk: {
        read: () => disk.text,
        write: async text => {
          disk.text = text
        },
      },
    },
  )
  void killswitch.start()
  const beat = async (checkpoint: string, upstream = 'live', cosigned?: string) => {
    pipe?.write(sse('heartbeat', { upstream, revision: 5, log: 'a', checkpoint, cosigned }))
    await world.run(5000)
  }
  /** Shown for so long that whatever is in question was asked. */
  const show = async (checkpoint: string, cosigned?: string) => {
    for (let beats = 0; beats < 13; beats++) await beat(checkpoint, 'live', cosigned)
  }
  const kept = () => JSON.parse((disk.text as string).split('\n')[1] as string) as Record<string, unknown>
  return { world, killswitch, beat, show, receipts, warnings, disk, asked, service, kept }
}

t.test('a log that grows is no news, and what is remembered of it was proved', async () => {
  const { world, killswitch, beat, show, warnings, asked, kept } = anApp()
  await world.run(10)
  for (const size of [3, 3, 4]) await show(noteOf(size))
  for (const size of [90, 91, 92]) await beat(noteOf(size))
  await show(noteOf(93))
  assert.equal(killswitch.state.fork, undefined)
  assert.deepEqual(warnings, [])
  assert.deepEqual(asked.slice(0, 2), ['3 to 4', '4 to 90'], 'one after the other')
  await show(noteOf(93))
  const closed = killswitch.close()
  await world.run(1000)
  await closed
  assert.equal(kept().checkpoint, noteOf(93))
  assert.deepEqual(
    (kept().checkpointsBefore as string[]).slice(0, 3),
    [3, 4, 90].map(size => noteOf(size)),
  )
})

t.test('a larger log that was rewritten is a fork, though the log signed it', async () => {
  const { world, killswitch, show, receipts, warnings, service } = anApp({
    options: { logKey: verifierKey(ORIGIN, key) },
  })
  await world.run(10)
  await show(noteOf(9))
  service.lines = aLog(10, at => (at === 3 ? 'another line 3' : `line ${at}`))
  const forged = noteOf(10, {}, key, service.lines)
  await show(forged)
  assert.match(
    killswitch.state.fork ?? '',
    /^what is shown as 10 entries does not begin with the 9 that were$/,
  )
  assert.equal(receipts.at(-1)?.fork, killswitch.state.fork)
  for (const note of [noteOf(9), forged]) assert.ok(warnings[0]?.includes(JSON.stringify(note)))
})

t.test('a proof that is refused again and again is a fork, and one that nobody gives is none', async () => {
  for (const [status, body, isFork] of [
    [404, JSON.stringify({ code: 'unknown-entry', detail: 'd' }), true],
    [200, '<html>', true],
    [503, JSON.stringify({ code: 'overloaded', detail: 'd' }), false],
    [302, '', false],
  ] as const) {
    const { world, killswitch, show, warnings, service, asked } = anApp()
    await world.run(10)
    await show(noteOf(9))
    service.answer = () => respond(status, body)
    await show(noteOf(12))
    assert.equal(killswitch.state.fork, undefined, 'once may be chance')
    for (let again = 0; again < 12; again++) await show(noteOf(12))
    assert.ok(asked.length >= 10)
    if (isFork) assert.match(killswitch.state.fork ?? '', /^12 entries are shown, and it is not proved/)
    else {
      assert.equal(killswitch.state.fork, undefined)
      assert.match(warnings.join(), /unproven: that the log of 12 entries begins with the 9/)
      delete service.answer
      await show(noteOf(12))
      await show(noteOf(13))
      assert.equal(asked.at(-1), '12 to 13', 'it was remembered once it was proved')
    }
  }
})

t.test('a service from before there were proofs is said to prove nothing, and is no fork', async () => {
  const { world, killswitch, show, warnings, service } = anApp()
  await world.run(10)
  service.answer = () => respond(404, JSON.stringify({ code: 'unknown-route', detail: 'd' }))
  for (const size of [9, 12, 14, 20]) for (let again = 0; again < 4; again++) await show(noteOf(size))
  assert.equal(killswitch.state.fork, undefined)
  assert.match(warnings.join(), /unproven: the service is older than this SDK/)
  await show(noteOf(20, { root: leafHash('another') }))
  assert.match(
    killswitch.state.fork ?? '',
    /^two trees of 20 entries/,
    'and what it shows is compared all the same',
  )
})

t.test(
  'two trees of one size are a fork at once, in the receipt and in the log with both notes',
  async () => {
    const { world, killswitch, beat, receipts, warnings } = anApp()
    await world.run(10)
    await beat(noteOf(9))
    const forged = noteOf(9, { root: leafHash('another') })
    await beat(forged)
    assert.match(killswitch.state.fork ?? '', /^two trees of 9 entries/)
    assert.equal(receipts.at(-1)?.fork, killswitch.state.fork)
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /^killswitch: fork: /)
    assert.ok(
      warnings[0]?.includes(JSON.stringify(noteOf(9))) && warnings[0].includes(JSON.stringify(forged)),
    )
    await beat(noteOf(12))
    assert.ok(killswitch.state.fork, 'and stays one')
    assert.equal(warnings.length, 1, 'said once')
  },
)

t.test(
  'a log that shrank is a fork when it stays so, and an instance that lags a moment is none',
  async () => {
    const { world, killswitch, beat } = anApp()
    await world.run(10)
    await beat(noteOf(9))
    await beat(noteOf(8))
    assert.equal(killswitch.state.fork, undefined)
    await beat(noteOf(9))
    await beat(noteOf(8))
    assert.equal(killswitch.state.fork, undefined, 'it had caught up between')
    await beat(noteOf(8), 'stale')
    assert.equal(killswitch.state.fork, undefined, 'an instance that has lost its store shows what it knew')
    await beat(noteOf(8))
    assert.match(killswitch.state.fork ?? '', /^the log shrank from 9 to 8 entries/)
  },
)

/** The log after a failover: entry 6 was the last that is held, and other ones follow it. */
const failedOver = aLog(20, at => (at <= 6 ? `line ${at}` : `other ${at}`))
const openings = [{ epoch: 1, after: { epoch: 0, seq: 6, hash: hash.slice(0, 16) } }]
const after = (size: number, lines: readonly string[] = failedOver) =>
  noteOf(size, { head: { epoch: 1, seq: size, hash }, openings }, key, lines)

t.test(
  'a branch that was left is told with both notes, and proved up to what was remembered before',
  async () => {
    for (const size of [7, 9, 12]) {
      const { world, killswitch, show, warnings, service, asked } = anApp()
      await world.run(10)
      for (const known of [2, 5, 9]) await show(noteOf(known))
      service.lines = failedOver
      service.newest = after(size)
      await show(after(size))
      assert.equal(killswitch.state.fork, undefined)
      assert.equal(asked.at(-1), `5 to ${size}`)
      assert.match(
        killswitch.state.branchLeft ?? '',
        /^epoch 1 was opened after entry 0-6, and 9 entries up to 0-9 had been shown\. Proved: its first 5 entries/,
      )
      assert.match(warnings.join(), /^killswitch: branch-left: /)
      for (const note of [noteOf(9), after(size)]) assert.ok(warnings[0]?.includes(JSON.stringify(note)))
      await show(after(13))
      assert.equal(asked.at(-1), `${size} to 13`)
      assert.equal(warnings.length, 1, 'said once')
    }
  },
)

t.test('a branch that is made up to hide what was rewritten before it is a fork', async () => {
  const { world, killswitch, show, service } = anApp()
  await world.run(10)
  for (const known of [5, 9]) await show(noteOf(known))
  service.lines = failedOver.with(1, 'another line 2')
  service.newest = after(10, service.lines)
  await show(service.newest)
  assert.match(
    killswitch.state.fork ?? '',
    /^what is shown as 10 entries does not begin with the 5 that were/,
  )
})

t.test('a branch that was left before anything remembered is told, and nothing of it is proved', async () => {
  const { world, killswitch, show, warnings } = anApp()
  await world.run(10)
  await show(noteOf(9))
  await show(after(7))
  assert.match(killswitch.state.branchLeft ?? '', /Of what is before that entry nothing is proved here\.$/)
  assert.equal(warnings.length, 1)
})

t.test('a log that leaves a branch between two questions is no fork', async () => {
  const { world, killswitch, beat, show, warnings, service } = anApp()
  await world.run(10)
  for (const known of [2, 5]) await show(noteOf(known))
  await beat(noteOf(9))
  service.lines = failedOver
  service.newest = after(11)
  await show(noteOf(9))
  await show(after(11))
  assert.equal(killswitch.state.fork, undefined)
  assert.match(warnings.join(), /branch-left: .* 9 entries up to 0-9 had been shown/)
})

t.test('a restart forgets nothing', async () => {
  const first = anApp()
  await first.world.run(10)
  await first.beat(noteOf(40))
  const closed = first.killswitch.close()
  await first.world.run(1000)
  await closed
  const second = anApp({ disk: first.disk })
  await second.world.run(10)
  for (let beats = 0; beats < 3; beats++) await second.beat(noteOf(39))
  assert.match(second.killswitch.state.fork ?? '', /^the log shrank from 40 to 39/)
})

t.test('with the keys before and after a change, what either signed is remembered', async () => {
  const logKey = [key, other].map(each => verifierKey(ORIGIN, each)).join(',')
  const { world, killswitch, beat, show, warnings } = anApp({ options: { logKey } })
  await world.run(10)
  await beat(noteOf(9))
  await show(noteOf(10, {}, other))
  assert.deepEqual([killswitch.state.fork, warnings], [undefined, []])
  await beat(noteOf(10, { root: leafHash('another') }, other))
  assert.ok(killswitch.state.fork, 'it was remembered')
})

t.test('with the key before alone', async t => {
  const [A, B, C] = new LogKeys([key, other, generateKeyPairSync('ed25519').privateKey]).signing as [
    SigningKey,
    SigningKey,
    SigningKey,
  ]
  const lines = changedLog(A, [
    { by: A, to: B },
    { by: B, to: C },
  ])
  const options = { logKey: verifierKey(originOf(ENVIRONMENT, logOf(lines)), A.key) }
  const known = (disk: { text: string | undefined }) =>
    JSON.parse(disk.text?.split('\n')[1] ?? '{}').checkpoint

  t.test('the keys after it are believed, as it leads to them, and it signs nothing more', async () => {
    const { world, service, show, warnings, killswitch, disk } = anApp({ options })
    service.lines = lines
    service.keyChanges = () => keyChangesOf(lines, C)
    await world.run(10)
    await show(checkpointOf(lines, A, 1))
    const newest = checkpointOf(lines, C)
    service.newest = newest
    for (let beats = 0; beats < 3; beats++) await show(newest)
    assert.deepEqual(warnings, [])
    const closed = killswitch.close()
    await world.run(1000)
    await closed
    assert.equal(known(disk), newest)
    const again = anApp({ options, disk })
    await again.world.run(10)
    again.service.keyChanges = () => assert.fail('it remembers them')
    for (let beats = 0; beats < 3; beats++) await again.beat(checkpointOf(lines, C, 2))
    assert.match(again.killswitch.state.fork ?? '', /^the log shrank from 5 to 2/, 'C is believed at once')
    const last = anApp({ options, disk })
    await last.world.run(10)
    last.service.keyChanges = () => keyChangesOf(lines, C)
    for (let beats = 0; beats < 3; beats++) await last.show(checkpointOf([...lines, 'forged'], A))
    assert.equal(last.killswitch.state.fork, undefined)
    assert.match(last.warnings.join(), /is not signed by logKey/)
  })

  t.test('a forged change, and a key that was lost, lead nowhere, and that is said', async () => {
    for (const change of [
      { by: C, to: C },
      { by: C, to: C, lost: true as const },
    ]) {
      const forged = changedLog(A, [change])
      const logKey = verifierKey(originOf(ENVIRONMENT, logOf(forged)), A.key)
      const { world, service, show, warnings, disk } = anApp({ options: { logKey } })
      service.keyChanges = () => keyChangesOf(forged, C)
      await world.run(10)
      for (let beats = 0; beats < 3; beats++) await show(checkpointOf(forged, C))
      assert.equal(known(disk), undefined)
      assert.match(warnings.join(), /a checkpoint of the log is not signed by logKey/)
    }
  })
})

t.test('with logKey, what the log did not sign is neither remembered nor believed', async () => {
  const logKey = verifierKey(ORIGIN, key)
  const { world, killswitch, beat, show, warnings } = anApp({ options: { logKey } })
  await world.run(10)
  await beat(noteOf(9))
  await beat(noteOf(9, { root: leafHash('another') }, other))
  await show(noteOf(900, {}, other))
  await show(noteOf(900, {}, other))
  await beat(noteOf(9).replace('\n9\n', '\n900\n'))
  await beat('nonsense')
  assert.equal(killswitch.state.fork, undefined)
  assert.equal(warnings.length, 3, warnings.join('\n'))
  await beat(noteOf(10))
  await beat(noteOf(10, { root: leafHash('another') }))
  assert.ok(killswitch.state.fork)
  assert.throws(() => new Killswitch({ logKey: 'killswitch+00+x' }), /logKey .* as the service prints it/)
})

t.test('with witnesses', async t => {
  const [one, two] = [generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ed25519').privateKey]
  const names = ['w1', 'w2'] as const
  const witnesses = `2:${verifierKey('w1', one, COSIGNER)},${verifierKey('w2', two, COSIGNER)}`
  const cosigned = (note: string, at: number, ...by: (typeof names)[number][]) => {
    const { note: parsed } = parseCheckpoint(note) as NonNullable<ReturnType<typeof parseCheckpoint>>
    return note + by.map(name => cosignatureLine(parsed, name, name === 'w1' ? one : two, at)).join('')
  }

  t.test('so many of them have to stand behind the log, within ten minutes', async () => {
    const { world, killswitch, show, warnings, asked } = anApp({ options: { witnesses } })
    await world.run(10)
    await show(noteOf(9))
    assert.match(killswitch.state.unwitnessed ?? '', /that 2 of 2 witnesses stand behind/)
    await show(noteOf(9), cosigned(noteOf(9), world.now(), 'w1'))
    assert.ok(killswitch.state.unwitnessed, 'one is too few')
    assert.deepEqual(warnings, [], 'they have ten minutes')
    await show(noteOf(9), cosigned(noteOf(9), world.now(), 'w1', 'w2'))
    assert.equal(killswitch.state.unwitnessed, undefined)
    await show(noteOf(9), cosigned(noteOf(5), world.now(), 'w1', 'w2'))
    assert.equal(asked.at(-1), '5 to 9', 'what is remembered goes on from what they signed')
    for (let again = 0; again < 7; again++) await show(noteOf(9))
    assert.equal(killswitch.state.unwitnessed, undefined)
    assert.deepEqual(warnings, [])
    for (let again = 0; again < 3; again++) await show(noteOf(9))
    assert.ok(killswitch.state.unwitnessed)
    assert.match(warnings.join(), /^killswitch: unwitnessed: no checkpoint of the last 10 minutes/)
  })

  t.test('a log that is shown to them, and another one here, is a fork', async () => {
    const { world, killswitch, show } = anApp({ options: { witnesses } })
    await world.run(10)
    await show(noteOf(9))
    const elsewhere = noteOf(
      5,
      {},
      key,
      aLog(9, at => `theirs ${at}`),
    )
    await show(noteOf(9), cosigned(elsewhere, world.now(), 'w1', 'w2'))
    assert.match(
      killswitch.state.fork ?? '',
      /^the 9 entries that are shown here do not begin with the 5 that witnesses/,
    )
  })

  t.test('what is none of them is refused', async () => {
    assert.throws(
      () => new Killswitch({ witnesses: '3:x' }),
      /witnesses \(KILLSWITCH_WITNESSES\): "x" is no key/,
    )
  })
})
