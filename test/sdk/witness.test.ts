// Every app is a witness: it remembers the largest checkpoint, over restarts too, and tells of a log that contradicts it.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { Killswitch } from '../../sdk/src/killswitch.js'
import type { KillswitchOptions } from '../../sdk/src/options.js'
import { type Checkpoint, signCheckpoint } from '../../src/domain/checkpoint.js'
import { leafHash } from '../../src/domain/merkle.js'
import { verifierKey } from '../../src/domain/note.js'
import type { Receipt } from '../../src/wire/receipt.js'
import { Pipe, respond, sse, World } from './world.js'

const key = generateKeyPairSync('ed25519').privateKey
const other = generateKeyPairSync('ed25519').privateKey
const ORIGIN = 'killswitch/test/0123456789abcdef'
const hash = 'a'.repeat(64)

const noteOf = (size: number, given: Partial<Checkpoint> = {}, by = key): string =>
  signCheckpoint(
    {
      origin: ORIGIN,
      size,
      root: leafHash(`tree ${size}`),
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
  let pipe: Pipe | undefined
  world.hosts.set('http://a:1', async (url, init) => {
    if (url.pathname === '/v1/receipts') {
      receipts.push(...(JSON.parse(String(init.body)) as { receipts: Receipt[] }).receipts)
      return respond(202)
    }
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
  const beat = async (checkpoint: string, upstream = 'live') => {
    pipe?.write(sse('heartbeat', { upstream, revision: 5, log: 'a', checkpoint }))
    await world.run(5000)
  }
  return { world, killswitch, beat, receipts, warnings, disk }
}

t.test('a log that grows is no news', async () => {
  const { world, killswitch, beat, warnings } = anApp()
  await world.run(10)
  for (const size of [3, 3, 4, 90, 91]) await beat(noteOf(size))
  assert.equal(killswitch.state.fork, undefined)
  assert.deepEqual(warnings, [])
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

t.test('a failover that left a branch is no fork', async () => {
  const { world, killswitch, beat } = anApp()
  await world.run(10)
  await beat(noteOf(9))
  const openings = [{ epoch: 1, after: { epoch: 0, seq: 6, hash: hash.slice(0, 16) } }]
  for (const size of [7, 7, 8, 9, 10])
    await beat(noteOf(size, { root: leafHash(`b ${size}`), head: { epoch: 1, seq: size, hash }, openings }))
  assert.equal(killswitch.state.fork, undefined)
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

t.test('with logKey, what the log did not sign is neither remembered nor believed', async () => {
  const logKey = verifierKey(ORIGIN, key)
  const { world, killswitch, beat, warnings } = anApp({ options: { logKey } })
  await world.run(10)
  await beat(noteOf(9))
  await beat(noteOf(9, { root: leafHash('another') }, other))
  await beat(noteOf(900, {}, other))
  await beat(noteOf(9).replace('\n9\n', '\n900\n'))
  await beat('nonsense')
  assert.equal(killswitch.state.fork, undefined)
  assert.equal(warnings.length, 3, warnings.join('\n'))
  await beat(noteOf(10))
  await beat(noteOf(10, { root: leafHash('another') }))
  assert.ok(killswitch.state.fork)
  assert.throws(() => new Killswitch({ logKey: 'killswitch+00+x' }), /logKey .* as the service prints it/)
})
