// What of a flip is written to the log as confirmed: never more than every instance that ran when it was done has shown.

import assert from 'node:assert/strict'
import t from 'tap'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'

const STARTED = '2026-11-20T02:00:00.000Z'

/** Receipts of app instances, as of a clock held in the hand. */
async function aFleet(t: { after: (act: () => void | Promise<void>) => void }) {
  const clock = { now: Date.parse('2026-11-20T03:00:00.000Z') }
  const server = await aServer(t, { clock: () => clock.now })
  const report = async (instance: string, revision: number, more: object = {}) => {
    const receipt = {
      instance,
      app: 'trustflow',
      log: server.parts.log.state.log,
      revision,
      appliedAt: new Date(clock.now).toISOString(),
      sdk: 'test/1',
      startedAt: STARTED,
      boot: 'service',
      ...more,
    }
    const { status } = await server.ask('sdk', 'POST', '/v1/receipts', { body: { receipts: [receipt] } })
    assert.equal(status, 202)
  }
  return { clock, server, report }
}

const kill = async ({ ask }: TestServer): Promise<number> =>
  (await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: 'INC-1' } })).body.id

const confirmed = ({ ask }: TestServer) =>
  until(async () => {
    const { body } = await ask('viewer', 'GET', '/v1/audit?action=flip.confirmed&order=oldest')
    return body.entries.length > 0 && body.entries.map((entry: { confirmed: object }) => entry.confirmed)
  }, 'flip.confirmed is in the log')

t.test('flip.confirmed', async t => {
  t.test(
    'is not complete while one that hung through the flip is lost, and is when that one has applied it',
    async t => {
      const { clock, server, report } = await aFleet(t)
      await report('api-1', 1)
      await report('hung', 1)
      const flip = await kill(server)
      clock.now += 20_000
      await report('api-1', flip)
      clock.now += 30_000
      await report('api-1', flip)
      const { body } = await server.ask('viewer', 'GET', '/v1/flags/ai_v1')
      const { status, applied, lost } = body.convergence
      assert.deepEqual(
        [status, applied, lost.map(({ instance }: { instance: string }) => instance)],
        ['confirmed', ['api-1'], ['hung']],
        'every live one has',
      )
      await report('hung', flip)
      const [shown, ...more] = await confirmed(server)
      assert.deepEqual([shown.flip, shown.complete, shown.applied, shown.lost, more], [flip, true, 2, [], []])
    },
  )

  t.test(
    'names one that was lost before the flip, and waits for it no more than for one that has gone orderly',
    async t => {
      const { clock, server, report } = await aFleet(t)
      await report('dead', 1)
      await report('deployed', 1)
      await report('deployed', 1, { closing: true })
      clock.now += 60_000
      await report('api-1', 1)
      const flip = await kill(server)
      await report('api-1', flip)
      const [shown] = await confirmed(server)
      assert.deepEqual([shown.complete, shown.applied, shown.pending, shown.lost], [true, 1, [], ['dead']])
    },
  )
})
