// The Lua commands: loads each file once, and turns the service's nouns into arguments and answers back into nouns.
// Decides nothing: the comparing is done in Redis, in one act with the writing.

import { readFileSync } from 'node:fs'
import type { Cluster, Redis, Result } from 'ioredis'
import { EMPTY, type Head } from '../../../domain/audit.js'
import type { Commit, CommitResult } from '../store.js'
import type { Keys } from './keys.js'

export type Client = Redis | Cluster

declare module 'ioredis' {
  interface RedisCommander<Context> {
    killswitchCommit(...args: (string | number)[]): Result<string[], Context>
    killswitchLocate(...args: string[]): Result<string[], Context>
    killswitchShare(...args: string[]): Result<string, Context>
  }
}

const lua = (file: string): string => readFileSync(new URL(`./commands/${file}`, import.meta.url), 'utf8')

export const SCRIPTS = {
  killswitchCommit: { lua: lua('commit-3.lua'), numberOfKeys: 3 },
  killswitchLocate: { lua: lua('locate-3.lua'), numberOfKeys: 3 },
  killswitchShare: { lua: lua('share-2.lua'), numberOfKeys: 2 },
}

/** The most that one answer to a commit carries of the lines it missed; at least one line always comes. */
const MOST_LINES = 500
const MOST_BYTES = 1024 * 1024

/** The most lines a follower takes in one go. */
const PAGE = 500

const idOf = (at: { epoch: number; seq: number }): string => `${at.epoch}-${at.seq}`

export async function commit(client: Client, keys: Keys, commit: Commit): Promise<CommitResult> {
  const { expectedHead, entries, flags, mode = 'write' } = commit
  const answer = await client.killswitchCommit(
    keys.log,
    keys.flags,
    keys.meta,
    mode,
    idOf(expectedHead),
    expectedHead.hash,
    MOST_LINES,
    MOST_BYTES,
    entries.length,
    ...entries.flatMap(({ entry, line, hash }) => [idOf(entry), line, hash]),
    ...[...flags].flatMap(([key, state]) => [key, state ?? '']),
  )
  if (answer[0] === 'committed') return { outcome: 'committed' }
  if (answer[0] === 'moved') return { outcome: 'moved' }
  if (answer[0] === 'conflict') return { outcome: 'conflict', missing: answer.slice(1) }
  return { outcome: 'lost', why: describeLoss(expectedHead, answer) }
}

/** `why` the log does not hold a head; `isBare` where it does, and the flags' state beside it is not whole. */
export type Located = { why?: string; isBare: boolean }

export async function locate(client: Client, { log, flags, meta }: Keys, head: Head): Promise<Located> {
  const answer = await client.killswitchLocate(log, flags, meta, idOf(head), head.hash)
  if (answer[0] !== 'held') return { why: describeLoss(head, answer), isBare: false }
  return { isBare: answer[1] === 'bare' }
}

export async function readHead(client: Client, keys: Keys): Promise<Head> {
  const [last] = await client.xrevrange(keys.log, '+', '-', 'COUNT', 1)
  return last ? readEntry(last).head : EMPTY
}

const MAY = lua('may-0.lua')

/** Which of the commands named the connected user may run; on any node of a cluster. */
export const mayRun = async (client: Pick<Client, 'call'>, ...names: string[]): Promise<string[]> =>
  (await client.call('EVAL', MAY, 0, ...names)) as string[]

export type Page = { lines: string[]; head: Head }

/** The lines after `head`, waiting for one up to `blockMs` (0: not at all); undefined where there is none. */
export async function readAfter(
  client: Client,
  keys: Keys,
  head: Head,
  blockMs: number,
): Promise<Page | undefined> {
  const found =
    blockMs > 0
      ? await client.xread('COUNT', PAGE, 'BLOCK', blockMs, 'STREAMS', keys.log, idOf(head))
      : await client.xread('COUNT', PAGE, 'STREAMS', keys.log, idOf(head))
  const entries = found?.[0]?.[1].map(readEntry)
  const last = entries?.at(-1)
  return entries && last && { lines: entries.map(({ line }) => line), head: last.head }
}

function readEntry([id, fields]: [id: string, fields: string[]]): { line: string; head: Head } {
  const [epoch = 0, seq = 0] = id.split('-').map(Number)
  return { line: fields[1] ?? '', head: { epoch, seq, hash: fields[3] ?? '' } }
}

function describeLoss(head: Head, [, reason, last, length]: string[]): string {
  const place = `entry ${idOf(head)}`
  const state = `the log in Redis ends at ${last} and holds ${length} entries`
  switch (reason) {
    case 'type':
      return `the log's key in Redis holds a ${last}`
    case 'empty':
      return `the log in Redis is empty, and ${place} was in it (a FLUSHALL, a deleted key, or another database)`
    case 'behind':
      return `${state}, before ${place} (an old backup, or a failover that lost the newest entries)`
    case 'missing':
      return `${state}, and ${place} is not in it (another log, or entries were deleted)`
    case 'other':
      return `${state}, and ${place} there is another one, with another hash (another log, or another branch)`
    case 'cut':
      return `${state}, but remembers a later one: entries were deleted from its end`
    default:
      return `${state}: these do not agree, so entries were deleted or written by something else`
  }
}
