// How far a kill goes: the rooms it passes from the wire to the disk and to the apps, seen by running it.

import assert from 'node:assert/strict'
import { Session } from 'node:inspector/promises'
import t from 'tap'
import { aServer } from './support/server.js'
import { until } from './support/until.js'

/**
 * Folders under src; the SDK is one more. The fleet only looks: its answer to a kill says who has applied it. `log/signing`
 * says that what was signed here is to be obeyed, and `text` cleans the reason. `process` is no room on the way: it puts them
 * together, and writes of a kill what the process log has.
 */
const MOST_ROOMS = 17

t.test(`a kill passes at most ${MOST_ROOMS} rooms, with those that only look after the log`, async t => {
  const { ask, parts } = await aServer(t)
  const kill = (flag: string) => ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: { reason: 'r' } })
  // what the first one compiles is not on the way of the next
  assert.equal((await kill('kyc_v1')).status, 200)
  const session = new Session()
  session.connect()
  t.after(() => session.disconnect())
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await session.post('Profiler.takePreciseCoverage')
  const answer = await kill('ai_v1')
  await until(() => parts.log.state.revision === answer.body.id, 'it is in force')
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const passed = result.filter(({ functions }) => functions.some(({ ranges }) => ranges[0]!.count > 0))
  const rooms = new Set(
    passed.flatMap(({ url }) => /\/src\/(log\/[^/]+(?=\/)|(?!log\/)[^/]+(?=\/))/.exec(url)?.[1] ?? []),
  )
  rooms.delete('process')
  for (const room of ['http', 'service', 'domain', 'log/doors', 'log/gate', 'log/stores', 'log/journal'])
    assert.ok(rooms.has(room), `it passes ${room}, or this test sees nothing`)
  assert.ok(rooms.size + 1 <= MOST_ROOMS, [...rooms].sort().join(', '))
})
