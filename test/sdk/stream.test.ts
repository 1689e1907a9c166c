// One connection, in pieces of every size: what the network does to a frame is not the app's to notice.

import assert from 'node:assert/strict'
import t from 'tap'
import { follow } from '../../sdk/src/follow/stream.js'
import type { Change } from '../../src/wire/snapshot.js'
import { sse, World } from './world.js'

const change = (flags: number): Change => ({
  v: 1,
  environment: 'tést',
  log: 'a',
  revision: 7,
  hash: 'hash-7',
  catalogue: 'c1',
  at: '2026-11-20T03:00:00.000Z',
  provisional: [],
  merged: [],
  released: [],
  held: {},
  flipped: Object.fromEntries(Array.from({ length: flags }, (_, n) => [`flag-${n}`, n + 1])),
})

async function read(text: string, size: number) {
  const world = new World()
  const bytes = new TextEncoder().encode(text)
  async function* body() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const headers = { get: () => 'text/event-stream' }
  world.hosts.set('http://a:1', async () => ({ status: 200, headers, body: body(), text: async () => '' }))
  const changes: Change[] = []
  const malformed: string[] = []
  let beats = 0
  const ended = await follow(world, 'http://a:1', {}, new AbortController().signal, {
    opened() {},
    change: each => changes.push(each),
    heartbeat: () => beats++,
    malformed: event => malformed.push(event),
  })
  return { changes, beats, malformed, ended }
}

const beat = sse('heartbeat', { upstream: 'live', revision: 7, log: 'a' })
const TEXT = `\ufeff: hello\n\n${sse('change', change(3), 7)}${beat}: alive\n\n${beat}`

for (const size of [1, 2, 3, 7, 64, 100_000])
  t.test(
    `frames in pieces of ${size} bytes, with a byte order mark and either line end, are the same events`,
    async () => {
      for (const text of [TEXT, TEXT.replaceAll('\n', '\r\n')]) {
        const { changes, beats, malformed } = await read(text, size)
        assert.deepEqual([changes, beats, malformed], [[change(3)], 2, []])
      }
    },
  )

t.test(
  'an event of megabytes in small pieces costs its length and not its square; one without an end is given up',
  async () => {
    const { changes } = await read(sse('change', change(200_000)), 1024)
    assert.equal(Object.keys(changes[0]?.flipped ?? {}).length, 200_000)
    const { ended, changes: none } = await read(`data: ${'x'.repeat(9 * 1024 * 1024)}`, 4096)
    assert.deepEqual([ended, none], [{ how: 'lost', reason: 'an event without an end' }, []])
  },
)

t.test('a frame cut in the middle is no event', async () => {
  const whole = sse('change', change(3))
  for (const length of [10, 40, whole.length - 1]) {
    const { changes, malformed } = await read(whole.slice(0, length), 16)
    assert.deepEqual([changes, malformed], [[], []])
  }
})
