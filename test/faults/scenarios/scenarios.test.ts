// A few rounds of each scenario with every run of the tests. At length: npm run chaos -- --scenario <name>.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SCENARIOS } from './index.js'
import { describeTotal, runScenario } from './run.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

for (const scenario of SCENARIOS)
  it(`${scenario.what}: ${scenario.rounds.test} rounds, no violation (seed ${SEED})`, async t => {
    const total = await runScenario(scenario, { seed: SEED, rounds: scenario.rounds.test })
    t.diagnostic(describeTotal(scenario, total))
    if (total.skipped !== undefined) return t.skip(total.skipped)
    assert.deepEqual(total.violations, [], describeTotal(scenario, total))
  })
