// Credentials of a running process: revoked within a second, and the sealed one where the file cannot be read.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Service } from '../support/service.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

t.test('a token that is taken out of the file is refused without a restart', async t => {
  const service = await Service.start(t)
  assert.equal((await service.ask('viewer', 'GET', '/v1/flags')).status, 200)
  const file = join(service.dataDir, 'tokens.yaml')
  const without = readFileSync(file, 'utf8').replaceAll(/^- id: shared-viewer\n(?: .*\n)*/gm, '')
  writeFileSync(file, without)
  const fromMs = performance.now()
  await until(async () => (await service.ask('viewer', 'GET', '/v1/flags')).status === 401, 'it is refused')
  const spentMs = performance.now() - fromMs
  t.comment(`refused after ${Math.round(spentMs)} ms`)
  assert.equal((await service.ask('operator', 'GET', '/v1/flags')).status, 200)
})

t.test('the sealed credential kills though the tokens file cannot be read, and the log names it', async t => {
  const secret = 'ks_break-glass_sealed'
  const env = {
    KILLSWITCH_TOKENS_FILE: join(testdir(t), 'gone.yaml'),
    KILLSWITCH_BREAK_GLASS_SHA256: createHash('sha256').update(secret).digest('hex'),
  }
  const service = await Service.start(t, { env })
  const headers = { authorization: `Bearer ${secret}` }
  const kill = await service.ask(undefined, 'POST', '/v1/flags/ai_v1/kill', {
    headers,
    body: { reason: 'r' },
  })
  assert.deepEqual([kill.status, kill.body.killed, kill.body.actor.id], [200, true, 'break-glass'], kill.text)
  const restore = await service.ask(undefined, 'POST', '/v1/flags/ai_v1/restore', {
    headers,
    body: { reason: 'r', all: true },
  })
  assert.equal(restore.status, 403)
  const ready = await service.whenReadiness('tokens-faulty')
  assert.match(ready.text, /sealed credential alone/)
})
