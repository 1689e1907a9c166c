// A few rounds of each scenario with every run of the tests. At length: npm run chaos -- --scenario <name>.

import assert from 'node:assert/strict'
import t from 'tap'
import { endWithTests } from '../../support/end-with-tests.js'
import { describeTotal, runScenario } from './run.js'
import type { Scenario } from './scenario.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

export function testFewRounds(scenarios: readonly Scenario[]): void {
  endWithTests()
  for (const scenario of scenarios)
    t.test(`${scenario.what}: ${scenario.rounds.test} rounds, no violation (seed ${SEED})`, async t => {
      const total = await runScenario(scenario, { seed: SEED, rounds: scenario.rounds.test })
      t.comment(describeTotal(scenario, total))
      if (total.skipped !== undefined) return t.pass('not run', { skip: total.skipped })
      assert.deepEqual(total.violations, [], describeTotal(scenario, total))
    })
}
