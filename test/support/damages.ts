// What can be done to the log in a Redis that goes on running, by whoever may write there. Each is one act on the keys.

import type { Redis } from 'ioredis'
import { type Draft, hashLine, open, type SealedEntry, seal } from '../../src/domain/log/audit.js'
import { parseEntry } from '../../src/domain/log/chain.js'
import { aCatalogue, loaded } from './domain.js'

type Keys = { log: string; flags: string; meta: string; about: string }
export type Damage = { name: string; inflict: (redis: Redis, keys: Keys) => Promise<unknown> }

/** The id of the newest entry, or of one before it. */
export const entryId = async (redis: Redis, log: string, back = 0): Promise<string> =>
  (await redis.xrevrange(log, '+', '-', 'COUNT', back + 1)).at(-1)?.[0] ?? '0-1'

const newest = async (redis: Redis, log: string) => {
  const [epoch = 0, seq = 0] = (await entryId(redis, log)).split('-').map(Number)
  return { epoch, seq, next: `${epoch}-${seq + 1}` }
}

/** What an invented owner would write after a line: it turns a flag on. Nobody signs it. */
export function forgedAfter(line: string, change: Partial<Draft>, epochs = 0): SealedEntry {
  const { entry, hash } = open(line)
  const { epoch, seq, at, environment } = entry
  const draft: Draft = {
    action: 'restore',
    outcome: 'applied',
    actor: { id: 'nobody-we-know', role: 'owner', via: 'api' },
    receivedAt: at,
    reason: 'all is well',
    request: { id: 'forged', key: `forged-${seq}`, digest: 'forged' },
    ...change,
  }
  return seal(draft, { epoch, seq, hash, at }, environment, epoch + epochs)
}

/** After the newest line; where there is none, as while a log is put back, there is nothing to go on from. */
async function appendForged(redis: Redis, log: string, change: Partial<Draft>, epochs = 0): Promise<void> {
  const [newest] = await redis.xrevrange(log, '+', '-', 'COUNT', 1)
  const last = newest?.[1][1]
  if (last === undefined || parseEntry(last) === undefined) return
  const { entry, line, hash } = forgedAfter(last, change, epochs)
  await redis.xadd(log, `${entry.epoch}-${entry.seq}`, 'line', line, 'hash', hash)
}

export const DAMAGES: readonly Damage[] = [
  {
    name: 'xdel-middle',
    inflict: async (redis, { log }) => redis.xdel(log, await entryId(redis, log, 2)),
  },
  { name: 'xdel-newest', inflict: async (redis, { log }) => redis.xdel(log, await entryId(redis, log)) },
  { name: 'xtrim', inflict: (redis, { log }) => redis.xtrim(log, 'MAXLEN', 2) },
  { name: 'xtrim-all', inflict: (redis, { log }) => redis.xtrim(log, 'MAXLEN', 0) },
  { name: 'xadd-any-id', inflict: (redis, { log }) => redis.xadd(log, '*', 'line', '{}', 'hash', 'x') },
  {
    name: 'xadd-no-entry',
    inflict: async (redis, { log }) => {
      const { next } = await newest(redis, log)
      return redis.xadd(log, next, 'line', 'no entry', 'hash', hashLine('no entry'))
    },
  },
  {
    name: 'xadd-other-fields',
    inflict: async (redis, { log }) => redis.xadd(log, (await newest(redis, log)).next, 'a', 'b'),
  },
  {
    // an entry in form, with its own id and hash, that follows nothing
    name: 'xadd-unchained',
    inflict: async (redis, { log }) => {
      const { epoch, seq, next } = await newest(redis, log)
      const { line, hash } = seal(loaded(aCatalogue()), { epoch, seq, hash: 'f'.repeat(64), at: '' }, 'x')
      return redis.xadd(log, next, 'line', line, 'hash', hash)
    },
  },
  {
    name: 'xadd-maxlen',
    inflict: async (redis, { log }) =>
      redis.xadd(log, 'MAXLEN', 1, (await newest(redis, log)).next, 'line', 'x', 'hash', 'y'),
  },
  {
    name: 'xsetid',
    inflict: async (redis, { log }) => {
      const { epoch, seq } = await newest(redis, log)
      return redis.call('XSETID', log, `${epoch}-${seq + 9}`)
    },
  },
  {
    // by who has all that Redis has: the right place, the right link, the holds there are
    name: 'forged-restore',
    inflict: async (redis, { log, flags }) => {
      const states = Object.entries(await redis.hgetall(flags)).map(
        ([flag, state]) => [flag, JSON.parse(state) as { holds: { id: string }[] }] as const,
      )
      const [flag, { holds }] = states.find(([, each]) => each.holds.length > 0) ??
        states[0] ?? ['ai_v1', { holds: [] }]
      await appendForged(redis, log, { flag, released: holds.map(({ id }) => id) })
    },
  },
  {
    name: 'forged-epoch',
    inflict: (redis, { log }) =>
      appendForged(redis, log, { action: 'log.recovered', recovered: { why: 'a forgery', restored: 0 } }, 5),
  },
  {
    // an old line, signature and all, in a new place
    name: 'replayed',
    inflict: async (redis, { log }) => {
      const [first] = await redis.xrange(log, '-', '+', 'COUNT', 1)
      return first && redis.xadd(log, (await newest(redis, log)).next, ...first[1])
    },
  },
  { name: 'set-log', inflict: (redis, { log }) => redis.set(log, 'x') },
  {
    name: 'another-stream',
    inflict: (redis, { log }) => redis.multi().del(log).xadd(log, '1-1', 'line', '{}', 'hash', 'x').exec(),
  },
  { name: 'set-flags', inflict: (redis, { flags }) => redis.set(flags, 'x') },
  { name: 'set-meta', inflict: (redis, { meta }) => redis.set(meta, 'x') },
  { name: 'set-about', inflict: (redis, { about }) => redis.set(about, 'x') },
  {
    name: 'set-all',
    inflict: (redis, { log, flags, meta }) => redis.mset(log, 'x', flags, 'x', meta, 'x'),
  },
  { name: 'del-log', inflict: (redis, { log }) => redis.del(log) },
]
