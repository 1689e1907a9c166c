// What the service answers whose journal was damaged before it started, where nobody else has the log.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { aServer } from '../support/server.js'
import { until } from '../support/until.js'

t.test('a damaged journal without Redis', async t => {
  const first = await aServer(t)
  const body = { incident: 'INC-7', reason: 'errors' }
  for (const flag of ['ai_v1', 'kyc_v1', 'inflow.llm'])
    await first.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body })
  const declared = { id: 'INC-7', title: 'errors', runbook: 'trustflow', severity: 'SEV1' }
  const incident = await first.ask('operator', 'POST', '/v1/incidents', { body: declared })
  assert.equal(incident.status, 201, incident.text)
  await first.close()
  const log = join(first.dataDir, 'log')
  const file = join(log, readdirSync(log)[0] as string)
  const lines = readFileSync(file, 'utf8').split('\n')
  const at = lines.findIndex(line => line.includes('"flag":"kyc_v1"'))
  writeFileSync(file, lines.with(at, lines[at]!.replace('errors', 'erors!')).join('\n'))
  const text = readFileSync(file, 'utf8')

  const { ask } = await aServer(t, { dataDir: first.dataDir, tokens: first.tokens })
  t.test('is told by /readyz, which is 200: kills are taken', async () => {
    const ready = await until(async () => {
      const answer = await ask('viewer', 'GET', '/readyz')
      return answer.body.degraded.some(({ code }: { code: string }) => code === 'journal-damaged') && answer
    }, 'it says so')
    assert.equal(ready.status, 200)
    assert.match(ready.text, /from a copy.*kills are taken provisionally, restores are answered with 503/)
  })
  t.test('un-kills nothing, takes kills beside the log, and refuses restores', async () => {
    for (const flag of ['ai_v1', 'kyc_v1', 'inflow.llm'])
      assert.equal((await ask('viewer', 'GET', `/v1/flags/${flag}`)).body.killed, true)
    const killed = await ask('operator', 'POST', '/v1/flags/pilot.enabled/kill', {
      body: { reason: 'errors' },
    })
    assert.equal(killed.body.durability, 'provisional', killed.text)
    const restored = await ask('coordinator', 'POST', '/v1/flags/ai_v1/restore', {
      body: { reason: 'well', all: true },
    })
    assert.equal(restored.status, 503, restored.text)
    assert.equal(readFileSync(file, 'utf8'), text, 'nothing is written behind the damage')
  })
  t.test('is said in every answer that it keeps an entry from', async () => {
    const place = JSON.parse(lines[at] as string).seq
    const said = new RegExp(`cannot be read on this instance.*0-${place}`)
    for (const query of ['', '?flag=kyc_v1', '?incident=INC-7&order=oldest']) {
      const page = await ask('viewer', 'GET', `/v1/audit${query}`)
      assert.match(page.body.unreadable, said)
      assert.ok(!page.text.includes('erors!'), 'nothing is answered that was not written')
      for (const type of ['application/x-ndjson', 'text/csv']) {
        const exported = await ask('viewer', 'GET', `/v1/audit${query}`, { headers: { accept: type } })
        assert.match(exported.text, said)
      }
    }
    assert.match(
      (await ask('viewer', 'GET', '/v1/incidents/INC-7/postmortem')).text,
      /Not complete.*cannot be read/,
    )
    assert.match((await ask('viewer', 'GET', '/v1/audit?flag=ai_v1')).text, said, 'it may be of any flag')
    assert.equal((await ask('viewer', 'GET', `/v1/audit/${place}`)).status, 503)
    const { body: verified } = await ask('viewer', 'GET', '/v1/audit/verify')
    assert.deepEqual([verified.ok, verified.problem.line], [false, at + 2])
  })
})
