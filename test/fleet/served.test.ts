import assert from 'node:assert/strict'
import t from 'tap'
import { Served } from '../../src/fleet/served.js'

t.test('served clients', async t => {
  t.test(
    'count once per client, at or past the revision, for their applications, within the time',
    async () => {
      let now = 1_000_000
      const served = new Served(() => now)
      served.mark(['shop'], 'a', 5)
      served.mark(['shop'], 'a', 6)
      served.mark(['shop', 'bank'], 'b', 4)
      served.mark(undefined, 'c', 6)
      assert.deepEqual(
        [served.count('shop', 4, 1000), served.count('shop', 6, 1000), served.count('bank', 4, 1000)],
        [3, 2, 2],
      )
      assert.equal(served.count('shop', 7, 1000), 0)
      now += 2_000
      assert.equal(served.count('shop', 4, 1_000), 0)
      assert.equal(served.count('shop', 4, 2_000), 3)
      served.mark(['bank'], 'a', 6)
      assert.deepEqual([served.count('bank', 6, 1_000), served.count('shop', 6, 1_000)], [1, 0])
    },
  )

  t.test('are bounded: the one heard of longest ago goes, one that keeps asking stays', async () => {
    let now = 0
    const served = new Served(() => now, 3)
    for (let round = 0; round < 20; round++) {
      now += 600
      served.mark(['shop'], 'steady', 1)
      served.mark(['shop'], `passing-${round}`, 1)
    }
    assert.equal(served.size, 3)
    served.mark(['bank'], 'steady', 1)
    assert.deepEqual([served.count('shop', 1, 600), served.count('bank', 1, 0), served.size], [3, 1, 3])
  })
})
