// Measures one authenticated OFREP evaluation against a bare Fastify route with a schema, each in a process of its own, in
// turns. The floor of issue 3: at least 0.65 of the bare route.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { aServer } from '../support/server.js'
import { type Figure, median } from './figures.js'

const FLOOR = 0.65
const BODY = JSON.stringify({ context: { targetingKey: 'user-1', plan: 'premium', country: 'CH' } })

type Load = { url: string; method: 'POST'; headers: Record<string, string>; body: string }
type Result = { requests: { average: number }; latency: { p50: number; p99: number }; non2xx: number }
type Fire = (load: Load & { connections: number; duration: number; pipelining: number }) => Promise<Result>
type Address = { address: string; token: string }

/** What a route of this kind costs at least: a body checked, an answer serialised by schema. */
async function bare(): Promise<Address> {
  const app = Fastify()
  const context = { type: 'object', additionalProperties: true }
  const answer = {
    type: 'object',
    properties: {
      key: { type: 'string' },
      value: { type: 'boolean' },
      reason: { type: 'string' },
      variant: { type: 'string' },
      metadata: { type: 'object', additionalProperties: true },
    },
  }
  app.post(
    '/ofrep/v1/evaluate/flags/:key',
    { schema: { body: { type: 'object', properties: { context } }, response: { 200: answer } } },
    async request => ({
      key: (request.params as { key: string }).key,
      value: true,
      reason: 'STATIC',
      variant: 'on',
      metadata: {},
    }),
  )
  return { address: await app.listen({ port: 0, host: '127.0.0.1' }), token: '' }
}

async function service(): Promise<Address> {
  const { address, tokens } = await aServer({ after() {} }, { logLevel: 'silent' })
  return { address, token: tokens.sdk }
}

async function start(name: string): Promise<{ process: ChildProcess; load: Load }> {
  const process = fork(fileURLToPath(import.meta.url), [name])
  const [{ address, token }] = (await once(process, 'message')) as [Address]
  return {
    process,
    load: {
      url: `${address}/ofrep/v1/evaluate/flags/ai_v1`,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: BODY,
    },
  }
}

const ROUNDS = 5
const SECONDS = 2

export async function run(): Promise<Figure[]> {
  const fire = createRequire(import.meta.url)('autocannon') as Fire
  const sides = { bare: await start('bare'), service: await start('service') }
  const rates: Record<string, number[]> = { bare: [], service: [] }
  // the first round warms up and is not counted
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, { load }] of Object.entries(sides)) {
      const found = await fire({ ...load, connections: 20, pipelining: 1, duration: SECONDS })
      if (found.non2xx > 0) throw new Error(`${name} answered ${found.non2xx} requests with an error`)
      if (round > 0) rates[name]?.push(found.requests.average)
    }
  }
  for (const { process } of Object.values(sides)) process.kill()
  const [floor, ours] = [median(rates.bare ?? []), median(rates.service ?? [])]
  const name = 'OFREP single, authenticated, to a bare route with a schema'
  return [{ name, unit: '/s', floor, ours, ratio: ours / floor, limit: FLOOR }]
}

const [, script, what] = process.argv
if (script === fileURLToPath(import.meta.url))
  process.send?.(what === 'bare' ? await bare() : await service())
