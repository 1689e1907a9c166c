// Measures one authenticated OFREP evaluation against a bare Fastify route with a schema, each in a process of its own, in
// turns. The floor of issue 3: at least 0.65 of the bare route.
//   node scripts/build.mjs --test && node .build/test/bench/ofrep.js [rounds] [seconds]

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { aServer } from '../support/server.js'

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

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

async function compare(rounds: number, seconds: number): Promise<void> {
  const fire = createRequire(import.meta.url)('autocannon') as Fire
  const sides = { bare: await start('bare'), service: await start('service') }
  const rates: Record<string, number[]> = { bare: [], service: [] }
  // the first round warms up and is not counted
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { load }] of Object.entries(sides)) {
      const found = await fire({ ...load, connections: 20, pipelining: 1, duration: seconds })
      if (found.non2xx > 0) throw new Error(`${name} answered ${found.non2xx} requests with an error`)
      if (round > 0) rates[name]?.push(found.requests.average)
    }
  }
  for (const { process } of Object.values(sides)) process.kill()
  const [floor, ours] = [median(rates.bare ?? []), median(rates.service ?? [])]
  console.log(`bare route with a schema       ${floor.toFixed(0)} requests/s`)
  console.log(`OFREP single, authenticated    ${ours.toFixed(0)} requests/s`)
  console.log(`ratio                          ${(ours / floor).toFixed(2)} (floor ${FLOOR})`)
  if (ours / floor < FLOOR) process.exitCode = 1
}

const [, , what] = process.argv
if (what === 'bare') process.send?.(await bare())
else if (what === 'service') process.send?.(await service())
else await compare(Number(what ?? 5), Number(process.argv[3] ?? 3))
