import assert from 'node:assert/strict'
import t from 'tap'
import { aServer } from '../support/server.js'

const NDJSON = 'application/x-ndjson'

/** What is asked for, and the media type it gets; undefined where none of it is to be had. */
const AUDIT: [string, string | undefined][] = [
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['APPLICATION/JSON', 'application/json'],
  ['application/*', 'application/json'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/json'],
  ['text/csv', 'text/csv'],
  ['text/*', 'text/csv'],
  ['application/json;q=0.5, text/csv', 'text/csv'],
  ['application/json, text/csv;q=0.1', 'application/json'],
  ['text/csv;q=0, */*', 'application/json'],
  ['text/csv; header=present; q=0.9, application/json; q=0.2', 'text/csv'],
  [NDJSON, NDJSON],
  ['application/ndjson', NDJSON],
  ['application/xml', undefined],
  ['text/csv;q=0', undefined],
]

t.test('the audit log comes in the form that the client would rather have', async t => {
  const { ask } = await aServer(t)
  for (const [accept, expected] of AUDIT) {
    const { status, headers, body } = await ask('viewer', 'GET', '/v1/audit', { headers: { accept } })
    if (expected === undefined) assert.deepEqual([status, body.code], [406, 'not-acceptable'], accept)
    else
      assert.ok(String(headers['content-type']).startsWith(expected), `${accept}: ${headers['content-type']}`)
  }
})

t.test('a runbook comes as its source where Markdown is preferred', async t => {
  const { ask } = await aServer(t)
  const typeFor = async (accept: string) =>
    (await ask('viewer', 'GET', '/v1/runbooks/trustflow', { headers: { accept } })).headers['content-type']
  assert.match(String(await typeFor('text/markdown')), /^text\/markdown/)
  assert.match(String(await typeFor('text/plain')), /^text\/plain/)
  assert.match(String(await typeFor('application/json, text/markdown;q=0.5')), /^application\/json/)
})
