// How long a kill takes from the request to its answer, at the median and at the worst in a hundred, on both stores,
// beside what makes it durable: an append and a sync of one line, and one script on a Redis that syncs at each write.

import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { chainOf } from '../support/entries.js'
import { PROPER, startRedis } from '../support/redis.js'
import { type Figure, quantile } from './figures.js'
import { type Side, startSide } from './sides.js'

const WARM_UP = 100
const ROUNDS = 400
/** A kill is seldom: what the flip before leaves to be done is done when the next one comes. */
const BETWEEN_MS = 5

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

let flips = 0

/** Sends a flip, of an incident that has some twenty of them; resolves when its answer is read. */
export function flip({ address, tokens }: Side, act: 'kill' | 'restore'): Promise<void> {
  const body = JSON.stringify({ reason: 'a benchmark', incident: `INC-${Math.floor(flips++ / 20)}` })
  const token = act === 'kill' ? tokens.operator : tokens.engineer
  return new Promise((resolve, reject) => {
    const sent = request(
      `${address}/v1/flags/ai_v1/${act}`,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      answer => {
        answer.resume()
        answer.once('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`${act}: ${answer.statusCode}`)),
        )
      },
    )
    sent.once('error', reject)
    sent.end(body)
  })
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await act()
  return performance.now() - began
}

/** Floor and ours in turns. */
async function compare(name: string, side: Side, write: () => Promise<unknown>): Promise<Figure[]> {
  const [floor, ours]: [number[], number[]] = [[], []]
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    await pause(BETWEEN_MS)
    const [one, other] = [await timed(write), await timed(() => flip(side, 'kill'))]
    await flip(side, 'restore')
    if (round < WARM_UP) continue
    floor.push(one)
    ours.push(other)
  }
  return [0.5, 0.99].map(q => {
    const [below, above] = [quantile(floor, q), quantile(ours, q)]
    return { name: `${name}, p${q * 100}`, unit: 'ms', floor: below, ours: above, ratio: above / below }
  })
}

const line = (): string => (chainOf({ count: 1 })[0] as { line: string }).line

export async function run(): Promise<Figure[]> {
  const teardown: (() => void | Promise<void>)[] = []
  const t = { after: (act: () => void | Promise<void>) => void teardown.unshift(act) }
  try {
    const folder = mkdtempSync(join(tmpdir(), 'killswitch-bench-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const file = await open(join(folder, 'log'), 'a')
    t.after(() => file.close())
    const local = await startSide('service')
    t.after(local.end)
    const append = async () => {
      await file.write(`${line()}\n`)
      await file.datasync()
    }
    const redis = await startRedis(t, PROPER)
    const client = new Redis(redis.url)
    t.after(() => client.disconnect())
    const shared = await startSide('service', redis.url)
    t.after(shared.end)
    const script = "return redis.call('XADD', KEYS[1], '*', 'line', ARGV[1])"
    const sha = (await client.script('LOAD', script)) as string
    return [
      ...(await compare('a kill over HTTP on the local store to an append and fdatasync', local, append)),
      ...(await compare('a kill over HTTP on Redis, AOF always, to a bare EVALSHA there', shared, () =>
        client.evalsha(sha, 1, 'bench', line()),
      )),
    ]
  } finally {
    agent.destroy()
    for (const act of teardown) await act()
  }
}
