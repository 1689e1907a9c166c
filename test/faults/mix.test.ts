// The share of the chaos that every run of the tests gets: 70 mixed faults on two and three instances. At
// length: npm run chaos.

import assert from 'node:assert/strict'
import t from 'tap'
import { endWithTests } from '../support/end-with-tests.js'
import { describe, runMix } from './mix.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

endWithTests()

for (const [instances, faults] of [
  [2, 40],
  [3, 30],
] as const)
  t.test(
    `${faults} mixed faults, ${instances} instances, 64 writers, 20 flags: no violation (seed ${SEED})`,
    async t => {
      const outcome = await runMix(t, {
        seed: SEED,
        faults,
        instances,
        writers: 64,
        observers: 4,
        thinkMs: 1_000,
      })
      t.comment(describe(outcome))
      assert.ok(outcome.acknowledged > 0, 'nothing was acknowledged: nothing was tested')
      assert.deepEqual(outcome.violations, [], `${describe(outcome)}\nagain: KILLSWITCH_TEST_SEED=${SEED}`)
    },
  )
