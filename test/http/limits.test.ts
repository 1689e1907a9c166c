// What one credential may ask for in a minute, over a real connection, and that no kill is among it.

import assert from 'node:assert/strict'
import t from 'tap'
import { aServer, type TestServer } from '../support/server.js'

/** So many, one after the other over one connection: how many were answered with each status, and the last answer. */
async function many(
  { address, tokens }: TestServer,
  role: 'viewer' | 'operator' | 'engineer' | 'sdk',
  count: number,
  path: string,
  body?: (number: number) => object,
) {
  const statuses: Record<number, number> = {}
  let last = new Response()
  for (let number = 0; number < count; number++) {
    last = await fetch(address + path, {
      headers: { authorization: `Bearer ${tokens[role]}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body(number)) }),
    })
    statuses[last.status] = (statuses[last.status] ?? 0) + 1
    if (number < count - 1) await last.arrayBuffer()
  }
  return { statuses, last }
}

t.test('one credential', async t => {
  const server = await aServer(t)
  await server.ask('operator', 'POST', '/v1/incidents', {
    body: { id: 'INC-1', title: 'A test', runbook: 'trustflow', severity: 'SEV1' },
  })

  t.test('is told when it may write again, kills and restores meanwhile, and hinders no other', async () => {
    const note = (number: number) => ({ kind: 'progress', text: `note ${number}` })
    const { statuses, last } = await many(server, 'operator', 125, '/v1/incidents/INC-1/notes', note)
    assert.deepEqual(statuses, { 200: 120, 429: 5 })
    const problem = (await last.json()) as { code: string; detail: string }
    assert.equal(problem.code, 'too-many-requests')
    assert.match(problem.detail, /shared-operator has asked for 120 .* Ask again in \d+ s\. Kills/)
    const seconds = Number(last.headers.get('retry-after'))
    assert.ok(seconds > 0 && seconds <= 60)
    const kill = (number: number) => ({ incident: `INC-${number}` })
    assert.deepEqual((await many(server, 'operator', 130, '/v1/flags/ai_v1/kill', kill)).statuses, {
      200: 130,
    })
    const restore = (number: number) => ({ incident: `INC-${number}`, reason: 'a test' })
    assert.deepEqual((await many(server, 'engineer', 130, '/v1/flags/ai_v1/restore', restore)).statuses, {
      200: 130,
    })
    assert.deepEqual((await many(server, 'engineer', 1, '/v1/flags/ai_v1/drill', () => ({}))).statuses, {
      200: 1,
    })
  })

  t.test('of an application is not limited', async () => {
    const context = () => ({ context: { targetingKey: 'u1' } })
    const found = await many(server, 'sdk', 150, '/ofrep/v1/evaluate/flags', context)
    assert.deepEqual(found.statuses, { 200: 150 })
  })
})
