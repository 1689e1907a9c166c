import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { aServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

test('/readyz names a runbook that is without its steps, and kills go on', async t => {
  const runbooksDir = testdir(t)
  writeFileSync(
    join(runbooksDir, 'trustflow.md'),
    `# Too much\n\n${'1. Look at the dashboard\n'.repeat(25_000)}`,
  )
  const { ask } = await aServer(t, { runbooksDir })
  const named = async () =>
    (await ask(undefined, 'GET', '/readyz')).body.degraded.find(
      ({ code }: { code: string }) => code === 'runbook-unread',
    )
  const condition = await until(named, 'the runbook is named', 60_000)
  assert.match(condition.detail, /"trustflow" is without its steps: the runbook has \d+ bytes/)
  assert.equal((await ask('operator', 'POST', '/v1/flags/ai_v1/kill')).status, 200)
})
