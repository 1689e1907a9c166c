// How long damage to a log in a Redis that is alive lasts: until every line is there again, each after the one before it and
// the last one signed; and how long it takes until an instance says that something is wrong.

import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { until } from '../support/until.js'
import type { World } from './world.js'

type Keys = { log: string; flags: string; meta: string; about: string }

/** Milliseconds since the damage. `namedMs` is absent where it was whole before any instance had said anything. */
export type Mend = { name: string; wholeMs: number; namedMs?: number }

/** What a damage was that is neither whole nor named by then does not last: it is a failure of the run. */
const LONGEST_MS = 120_000

/** Resolves when the log is whole again. `newest` is the id of its last entry before the damage. */
export async function watchMend(world: World, name: string, keys: Keys, newest: string): Promise<Mend> {
  const began = performance.now()
  let namedMs: number | undefined
  await until(
    async () => {
      if (await isWhole(world.redis.admin, keys, newest).catch(() => false)) return true
      const said = namedMs ?? (await world.isAnyUnwell())
      if (said === true) namedMs = Math.round(performance.now() - began)
      return false
    },
    `the log is whole again after ${name}`,
    LONGEST_MS,
  )
  return {
    name,
    wholeMs: Math.round(performance.now() - began),
    ...(namedMs === undefined ? {} : { namedMs }),
  }
}

/** By the documented form of the keys, and by no code of the service. */
async function isWhole(redis: Redis, keys: Keys, newest: string): Promise<boolean> {
  const types = await Promise.all([keys.log, keys.meta, keys.flags, keys.about].map(key => redis.type(key)))
  if (types.join() !== 'stream,stream,hash,hash') return false
  const entries = await redis.xrange(keys.log, '-', '+')
  const [last, info] = [entries.at(-1), await redis.xinfo('STREAM', keys.log)]
  const { 'last-generated-id': end } = pairs(info as unknown[])
  // one that came between the two commands is looked at the next time
  if (last === undefined || last[0] !== end || isBefore(last[0], newest)) return false
  if (!last[1][1]?.includes('"sig":"')) return false
  let before: string | undefined
  for (const [id, [, line = '', , hash]] of entries) {
    const { epoch, seq, prev } = read(line)
    const isNext = `${epoch}-${seq}` === id && (before === undefined || prev === before)
    before = createHash('sha256').update(line).digest('hex')
    if (!isNext || before !== hash) return false
  }
  return true
}

function read(line: string): { epoch?: number; seq?: number; prev?: string } {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}

const pairs = (list: unknown[]): Record<string, unknown> =>
  Object.fromEntries(list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]]] : [])))

function isBefore(a: string, b: string): boolean {
  const [left, right] = [a, b].map(id => id.split('-').map(Number)) as [number[], number[]]
  return (left[0] ?? 0) - (right[0] ?? 0) < 0 || (left[0] === right[0] && (left[1] ?? 0) < (right[1] ?? 0))
}

/** For a report: how many, and of those how long the slowest took until it was whole or named. */
export function describeMends(mends: readonly Mend[]): string {
  const times = (list: number[]) => {
    const sorted = list.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
    return sorted.length === 0 ? 'none' : `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${sorted.at(-1)} ms`
  }
  const known = mends.map(({ wholeMs, namedMs = wholeMs }) => namedMs)
  const slow = mends.filter(({ wholeMs }) => wholeMs > 2_000)
  return [
    `damage waited for: ${mends.length}; whole again ${times(mends.map(({ wholeMs }) => wholeMs))}`,
    `whole or named ${times(known)}; ${slow.length} whole after more than 2 s${slow.length > 0 ? ':' : ''} ${slow
      .map(({ name, wholeMs, namedMs }) => `${name} ${wholeMs}, named ${namedMs ?? 'never'}`)
      .join('; ')}`.trimEnd(),
  ].join('\n  ')
}
