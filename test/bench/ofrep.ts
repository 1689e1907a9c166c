// Measures one authenticated OFREP evaluation against a bare Fastify route with a schema, each in a process of its own, in
// turns. The floor of issue 3: at least 0.65 of the bare route. Beside the rate stands the processor time of a request,
// which other work on the machine hardly changes.

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
type Result = {
  requests: { average: number; total: number }
  latency: { p50: number; p99: number }
  non2xx: number
}
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

const ROUNDS = 9
const SECONDS = 1

type Side = { process: ChildProcess; load: Load }
type Round = { rate: number; us: number }

/** Microseconds of processor time that a side's process has used so far. */
async function used({ process }: Side): Promise<number> {
  process.send('used')
  const [us] = (await once(process, 'message')) as [number]
  return us
}

async function round(fire: Fire, side: Side): Promise<Round> {
  const before = await used(side)
  const { requests, non2xx } = await fire({ ...side.load, connections: 20, pipelining: 1, duration: SECONDS })
  if (non2xx > 0) throw new Error(`${side.load.url} answered ${non2xx} requests with an error`)
  return { rate: requests.average, us: ((await used(side)) - before) / requests.total }
}

export async function run(): Promise<Figure[]> {
  const fire = createRequire(import.meta.url)('autocannon') as Fire
  const [bare, service] = [await start('bare'), await start('service')]
  const rounds: { floor: Round; ours: Round }[] = []
  // the first round warms up and is not counted; who goes first changes
  for (let n = 0; n <= ROUNDS; n++) {
    const first = await round(fire, n % 2 ? bare : service)
    const second = await round(fire, n % 2 ? service : bare)
    if (n > 0) rounds.push(n % 2 ? { floor: first, ours: second } : { floor: second, ours: first })
  }
  for (const { process } of [bare, service]) process.kill()
  const of = (pick: (each: { floor: Round; ours: Round }) => number) => median(rounds.map(pick))
  return [
    {
      name: 'OFREP single, authenticated, to a bare route with a schema',
      unit: '/s',
      floor: of(({ floor }) => floor.rate),
      ours: of(({ ours }) => ours.rate),
      ratio: of(({ floor, ours }) => ours.rate / floor.rate),
      limit: FLOOR,
    },
    {
      name: 'the same, by the processor time of a request',
      unit: 'us',
      floor: of(({ floor }) => floor.us),
      ours: of(({ ours }) => ours.us),
      ratio: of(({ floor, ours }) => ours.us / floor.us),
      limit: Math.round(100 / FLOOR) / 100,
    },
  ]
}

const [, script, what] = process.argv
if (script === fileURLToPath(import.meta.url)) {
  process.send?.(what === 'bare' ? await bare() : await service())
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.(user + system)
  })
}
