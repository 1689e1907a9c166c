// The storms in small, so that they go on working; `npm run storm` has them at length, and the README what was seen.

import assert from 'node:assert/strict'
import t from 'tap'
import { endWithTests } from '../support/end-with-tests.js'
import { flooding, streams } from './storm-scenarios.js'

endWithTests()

t.test('three hundred streams come back after a kill -9, and kills are answered meanwhile', async t => {
  const { calm, storm } = await streams(t, { clients: 300, seconds: 3, receipts: true })
  assert.deepEqual(Object.keys(calm.statuses), ['200'])
  assert.ok((storm.statuses['200'] ?? 0) > 0, JSON.stringify(storm.statuses))
})

t.test('kills are answered beside garbage, and nothing of it is a 500', async t => {
  const { kills, flooded } = await flooding(t, {
    kind: 'garbage',
    connections: 20,
    perSecond: 200,
    seconds: 3,
  })
  assert.deepEqual(Object.keys(kills.statuses), ['200'])
  const { 503: _, ...answered } = flooded.statuses
  assert.deepEqual(
    Object.keys(answered).filter(status => Number(status) >= 500),
    [],
  )
})
