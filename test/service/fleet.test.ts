// What the instances of the service share of their apps, as it comes from a store that others may write to.

import assert from 'node:assert/strict'
import t from 'tap'
import { Fleet } from '../../src/service/fleet.js'
import { until } from '../support/until.js'

const NOW = Date.parse('2026-11-20T03:00:00.000Z')

t.test('a record that is none is passed over, and those after it are heard', async () => {
  const at = new Date(NOW).toISOString()
  const receipt = { instance: 'api-1', app: 'shop', log: 'l', revision: 3, appliedAt: at, startedAt: at }
  const whole = { receipt: { ...receipt, sdk: 'test/1', boot: 'service' }, heardAt: NOW }
  const records = ['', 'nothing', 'null', '{}', '[]', '{"receipt":5}', '{"receipt":{"app":"shop"}}']
  const shared = async function* () {
    yield [...records, JSON.stringify({ ...whole, heardAt: 'soon' }), JSON.stringify(whole)]
  }
  const fleet = new Fleet({
    submit: { records: async () => {} },
    subscribe: { records: shared },
    clock: () => NOW,
    served: { count: () => 0 },
  })
  fleet.start()
  await until(() => fleet.members().length > 0, 'the one that is whole is heard')
  await fleet.close()
  assert.deepEqual(
    fleet.members().map(({ instance, lastHeardAt }) => [instance, lastHeardAt]),
    [['api-1', at]],
  )
})
