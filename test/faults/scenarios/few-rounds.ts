// A few rounds of each scenario with every run of the tests. At length: npm run chaos -- --scenario <name>.

import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { describeTotal, runScenario } from './run.js'
import type { Scenario } from './scenario.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Whatever a scenario left open must not keep the file from ending: it is told, and ends with it. */
function endWithTests(): void {
  const end = (): void => {
    console.log(`still open after the last test: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit()
  }
  after(() => void setTimeout(end, 10_000).unref())
}

export function testFewRounds(scenarios: readonly Scenario[]): void {
  endWithTests()
  for (const scenario of scenarios)
    it(`${scenario.what}: ${scenario.rounds.test} rounds, no violation (seed ${SEED})`, async t => {
      const total = await runScenario(scenario, { seed: SEED, rounds: scenario.rounds.test })
      t.diagnostic(describeTotal(scenario, total))
      if (total.skipped !== undefined) return t.skip(total.skipped)
      assert.deepEqual(total.violations, [], describeTotal(scenario, total))
    })
}
