// The Lua commands: loads each file once, and turns the service's nouns into arguments and answers back into nouns.
// Decides nothing: the comparing is done in Redis, in one act with the writing.

import { readFileSync } from 'node:fs'
import type { Cluster, Redis, Result } from 'ioredis'
import { EMPTY, type Entry, type Head, hashLine, placeOf } from '../../../domain/log/audit.js'
import { parseEntry } from '../../../domain/log/chain.js'
import { isSigned } from '../../../domain/log/signature.js'
import type { Commit, CommitResult, Examined, StoreTime } from '../store.js'
import type { Keys } from './keys.js'

export type Client = Redis | Cluster

declare module 'ioredis' {
  interface RedisCommander<Context> {
    killswitchCommit(...args: (string | number)[]): Result<string[], Context>
    killswitchLocate(...args: string[]): Result<string[], Context>
    killswitchShare(...args: string[]): Result<string, Context>
    killswitchExamine(...args: string[]): Result<string[], Context>
    killswitchAside(...args: string[]): Result<string[], Context>
  }
}

const lua = (file: string): string => readFileSync(new URL(`./commands/${file}`, import.meta.url), 'utf8')

export const SCRIPTS = {
  killswitchCommit: { lua: lua('commit-4.lua'), numberOfKeys: 4 },
  killswitchLocate: { lua: lua('locate-4.lua'), numberOfKeys: 4 },
  killswitchShare: { lua: lua('share-2.lua'), numberOfKeys: 2 },
  killswitchExamine: { lua: lua('examine-1.lua'), numberOfKeys: 1 },
  killswitchAside: { lua: lua('aside-8.lua'), numberOfKeys: 8 },
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
    keys.about,
    mode,
    idOf(expectedHead),
    expectedHead.hash,
    MOST_LINES,
    MOST_BYTES,
    isSigned(entries.at(-1)?.line ?? '') ? 'signed' : '',
    entries.length,
    ...entries.flatMap(({ entry, line, hash }) => [idOf(entry), line, hash]),
    ...[...flags].flatMap(([key, state]) => [key, state ?? '']),
  )
  if (answer[0] === 'committed') return { outcome: 'committed' }
  if (answer[0] === 'moved') return { outcome: 'moved' }
  if (answer[0] === 'conflict') return { outcome: 'conflict', missing: answer.slice(1) }
  const isCut = answer[1] === 'cut'
  return { outcome: 'lost', why: describeLoss(expectedHead, answer), ...(isCut ? { isCut } : {}) }
}

/** Whether a write on `head` would pass: why the log is lost, where it is; rejects as a write would be refused. */
export async function ask(
  client: Client,
  { log, flags, meta, about }: Keys,
  head: Head,
): Promise<string | undefined> {
  const answer = await client.killswitchCommit(
    log,
    flags,
    meta,
    about,
    'ask',
    idOf(head),
    head.hash,
    0,
    0,
    '',
    0,
  )
  return answer[0] === 'lost' ? describeLoss(head, answer) : undefined
}

/** `why` the log does not hold a head; `isBare` where it does, and the flags' state beside it is not whole. */
export type Located = { why?: string; isBare: boolean; time?: StoreTime }

/** `isDeep`: whether the stream remembers entries that were deleted from its end is asked too. */
export async function locate(
  client: Client,
  { log, flags, meta, about }: Keys,
  head: Head,
  isDeep: boolean,
): Promise<Located> {
  const depth = isDeep ? 'deep' : ''
  const askedAt = performance.now()
  const answer = await client.killswitchLocate(log, flags, meta, about, idOf(head), head.hash, depth)
  const heardAt = performance.now()
  if (answer[0] !== 'held') return { why: describeLoss(head, answer), isBare: false }
  const [, is, seconds, microseconds] = answer
  const at = Number(seconds) * 1000 + Number(microseconds) / 1000
  return {
    isBare: is === 'bare',
    ...(Number.isNaN(at) ? {} : { time: { at, tookMs: heardAt - askedAt, heardAt } }),
  }
}

export async function readHead(client: Client, keys: Keys): Promise<Head> {
  const [last] = await client.xrevrange(keys.log, '+', '-', 'COUNT', 1)
  return last ? readEntry(last).head : EMPTY
}

const MAY = lua('may-0.lua')

/** Which of the commands, each with its arguments after spaces, the connected user may run; on any node of a cluster. */
export const mayRun = async (client: Pick<Client, 'call'>, ...commands: string[]): Promise<string[]> =>
  (await client.call('EVAL', MAY, 0, ...commands)) as string[]

/** `foreign`: why the entry after these lines was not written by the service. */
export type Page = { lines: string[]; head: Head; foreign?: string }

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
  const entries = found?.[0]?.[1]
  if (entries === undefined) return undefined
  const page: Page = { lines: [], head }
  for (const each of entries) {
    const foreign = foreignTo(each)
    if (foreign !== undefined) return { ...page, foreign }
    const { line, head } = readEntry(each)
    page.lines.push(line)
    page.head = head
  }
  return page
}

export async function examine(client: Client, keys: Keys, after: Head): Promise<Examined> {
  const answer = await client.killswitchExamine(keys.log, idOf(after), after.hash)
  const [mark = '', reason = '', last = '', length = '', highest = '', held] = answer
  const page = reason === 'type' ? undefined : await readAfter(client, keys, after, 0)
  const damage = reason === '' ? page?.foreign : describeLoss(after, ['', reason, last, length])
  const [epoch = 0, seq = 0] = highest.split('-').map(Number)
  return {
    mark,
    isHeld: held === 'held',
    // an id that something else wrote right after it was never given by the service
    highest: placeOf(page?.foreign !== undefined && page.lines.length === 0 ? after : { epoch, seq }),
    lines: page?.lines ?? [],
    ...(damage === undefined ? {} : { damage }),
  }
}

/** Whether the log was moved aside; see `Store.setAside`. */
export async function setAside(client: Client, keys: Keys, mark: string): Promise<boolean> {
  const { log, flags, meta, about, damagedLog, damagedFlags, damagedMeta, damagedAbout } = keys
  const from = [log, flags, meta, about]
  const to = [damagedLog, damagedFlags, damagedMeta, damagedAbout]
  const answer = await client.killswitchAside(...from, ...to, mark)
  return answer[0] === 'moved' && answer.includes(log)
}

type Raw = [id: string, fields: string[]]

function readEntry([id, fields]: Raw): { line: string; head: Head } {
  const [epoch = 0, seq = 0] = id.split('-').map(Number)
  return { line: fields[1] ?? '', head: { epoch, seq, hash: fields[3] ?? '' } }
}

/** Why an entry of the stream is none of the log: undefined where its line is an entry, of this id and of this hash. */
function foreignTo([id, fields]: Raw): string | undefined {
  const [name, line = '', hashName, hash] = fields
  const entry = name === 'line' && hashName === 'hash' && fields.length === 4 ? parseEntry(line) : undefined
  const isOurs = entry !== undefined && idOf(entry) === id && hashLine(line) === hash && isComplete(entry)
  return isOurs ? undefined : `something else than the service wrote ${id} into the log in Redis.`
}

/** What every entry has, whatever it tells: without it nothing could be made of it. */
const isComplete = ({ action, actor, request }: Partial<Entry>): boolean =>
  typeof action === 'string' && typeof actor?.id === 'string' && typeof request?.key === 'string'

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
    case 'foreign':
      return `${state}, and has one after ${place} that the service did not write`
    case 'cut':
      return `${state}, but remembers a later one: entries were deleted from its end`
    default:
      return `${state}: these do not agree, so entries were deleted or written by something else`
  }
}
