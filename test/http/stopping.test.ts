import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { describe, it } from 'node:test'
import { aServer, type TestServer } from '../support/server.js'

/** A request over a real connection of `agent`; resolves with the status and the header `connection`. */
function over(
  agent: Agent,
  { address, tokens }: TestServer,
  path: string,
  headers: Record<string, string> = {},
) {
  const { port } = new URL(address)
  const authorization = `Bearer ${tokens.viewer}`
  return new Promise<{ status?: number; connection?: string }>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, agent, headers: { authorization, ...headers } }, response => {
      response.resume()
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, connection: String(response.headers.connection) }),
      )
    })
      .once('error', reject)
      .end()
  })
}

describe('a connection that is kept', () => {
  it('collects nothing from the requests it carries', async t => {
    const server = await aServer(t)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    const warnings: Error[] = []
    const remember = (warning: Error) => warnings.push(warning)
    process.on('warning', remember)
    t.after(() => process.off('warning', remember))
    for (let i = 0; i < 30; i++) assert.equal((await over(agent, server, '/v1/audit')).status, 200)
    assert.deepEqual(warnings, [])
  })
})
