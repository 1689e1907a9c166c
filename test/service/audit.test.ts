import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { aServer } from '../support/server.js'

const HOUR_MS = 3_600_000

t.test('waiting at the head of the log', async t => {
  t.test('misses nothing that comes while the log is being asked', { timeout: 600_000 }, async t => {
    const { ask, parts } = await aServer(t)
    const { signal } = new AbortController()
    const page = (cursor?: string) =>
      parts.audit.page(
        { action: 'kill' },
        { order: 'oldest', waitMs: HOUR_MS, signal, ...(cursor === undefined ? {} : { cursor }) },
      )
    let cursor: string | undefined
    // who missed an entry would wait for an hour
    for (let round = 0; round < 40; round++) {
      // the entry arrives before, in the middle of, or after the query: a few turns of the loop apart
      const body = { incident: `INC-${round}` }
      const killed = ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body })
      for (let turns = 0; turns < round; turns++) await turn()
      const found = await page(cursor)
      await killed
      assert.deepEqual(
        found.entries.map(({ entry }) => entry.incident),
        [body.incident],
      )
      cursor = found.next
    }
  })
})
