import assert from 'node:assert/strict'
import t from 'tap'
import { aServer } from '../support/server.js'

t.test('a method that a path does not take is a 405 that names those it takes', async t => {
  const { app, tokens } = await aServer(t)
  const headers = { authorization: `Bearer ${tokens.owner}` }
  const cases: ['GET' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS', string, string][] = [
    ['GET', '/v1/flags/ai_v1/kill', 'POST'],
    ['GET', '/v1/steps/run?step=x', 'POST'],
    ['PUT', '/v1/flags/ai_v1', 'GET, HEAD'],
    ['DELETE', '/v1/audit/1', 'GET, HEAD'],
    ['POST', '//v1/flags/', 'GET, HEAD'],
    ['OPTIONS', '/v1/incidents', 'GET, HEAD, POST'],
  ]
  for (const [method, url, allow] of cases) {
    const answer = await app.inject({ method, url, headers })
    assert.deepEqual([answer.statusCode, answer.headers.allow], [405, allow], `${method} ${url}`)
    assert.equal(answer.json().code, 'method-not-allowed')
    assert.match(answer.json().detail, new RegExp(`takes ${allow}, not ${method}`))
  }
})

t.test('a path that is not there is a 404 for every method', async t => {
  const { app } = await aServer(t)
  for (const url of ['/v1/flag', '/v1/flags/ai_v1/kill/now', '/V1/flags', '/v1x/flags', '/'])
    for (const method of ['GET', 'POST', 'DELETE'] as const) {
      const answer = await app.inject({ method, url })
      assert.deepEqual([answer.statusCode, answer.json().code], [404, 'unknown-route'], `${method} ${url}`)
      assert.equal(answer.headers.allow, undefined)
    }
})
