// Instances of the log on one Redis, as the service opens them, and somebody who writes into that Redis past them.

import { generateKeyPairSync } from 'node:crypto'
import { decideKill } from '../../src/domain/flip/kill.js'
import { type Draft, open, type SealedEntry, seal } from '../../src/domain/log/audit.js'
import { LogKeys } from '../../src/domain/log/log-keys.js'
import { isKilled, type State } from '../../src/domain/state.js'
import { type LogOptions, type OpenLog, openLog } from '../../src/log/open-log.js'
import type { Asked } from '../../src/log/submit.js'
import { collect } from './collect.js'
import { aCatalogue, aFlag, anActor, aRequest, killOf, loaded } from './domain.js'
import type { TestRedis } from './redis.js'
import { type Teardown, testdir } from './testdir.js'
import { until } from './until.js'

export const FLAGS = ['ai_v1', 'kyc_v1', 'other']
export const newKey = () => generateKeyPairSync('ed25519').privateKey
export const KEY = newKey()

export type Instance = OpenLog & {
  folder: string
  kill: (flag: string, key: string) => ReturnType<OpenLog['submit']['entries']>
  isKilled: (flag: string) => boolean
  lines: () => Promise<string[]>
}

/** Follows the log when it resolves; the first one loads the catalogue. Without a `redis`, on its own disk. */
export async function anInstance(
  t: Teardown,
  redis: TestRedis | undefined,
  given: Partial<LogOptions> = {},
): Promise<Instance> {
  const folder = given.folder ?? testdir(t)
  const log = await openLog({
    environment: 'test',
    keys: async () => new LogKeys([KEY]),
    ...(redis === undefined ? {} : { redisUrl: redis.url }),
    ...given,
    folder,
  })
  t.after(() => log.close())
  log.start()
  await until(() => log.state.condition.isLive, 'it follows the log')
  await log.state.toEnd().catch(() => {})
  if (log.state.state.catalogue === undefined && log.state.condition.lost === undefined)
    await log.submit
      .entries({
        ...{ priority: 'note', actor: 'killswitch', key: 'load', digest: 'load' },
        decide: () => ({ drafts: [loaded(aCatalogue(...FLAGS.map(flag => aFlag(flag))))] }),
      })
      .catch(() => {})
  return {
    ...log,
    folder,
    kill: (flag, key) => log.submit.entries(killAsked(flag, key)),
    isKilled: flag => {
      const found = log.state.known.flags.get(flag)
      return found !== undefined && isKilled(found)
    },
    lines: () => collect(log.parts.journal.lines()),
  }
}

export function killAsked(flag: string, key: string): Asked {
  const request = { id: key, key, digest: `kill ${flag}` }
  const kill = killOf(flag, { request, now: Date.now() })
  const asked = { priority: 'kill' as const, actor: kill.actor.id, key, digest: request.digest, kill }
  return { ...asked, decide: state => decideKill(state, kill) }
}

/** What an invented owner would write to turn a flag on again. */
export function restoreDraft({ flags, head }: State, flag: string): Draft {
  const at = new Date(Math.max(Date.now(), Date.parse(head.at))).toISOString()
  return {
    action: 'restore',
    outcome: 'applied',
    actor: anActor('owner', 'nobody-we-know'),
    receivedAt: at,
    flag,
    released: (flags.get(flag)?.holds ?? []).map(({ id }) => id),
    reason: 'all is well',
    request: aRequest(),
  }
}

/** The entry that follows what an instance knows, in its epoch or another one. */
export const forged = ({ state }: OpenLog, draft: Draft, epoch?: number): SealedEntry =>
  seal(draft, state.state.head, 'test', epoch)

export const logKeyOf = (environment = 'test'): string => `killswitch:{${environment}}:log`

/** Past the service, with the right id. */
export async function xadd(redis: TestRedis, ...entries: SealedEntry[]): Promise<void> {
  for (const { entry, line, hash } of entries)
    await redis.admin.xadd(logKeyOf(), `${entry.epoch}-${entry.seq}`, 'line', line, 'hash', hash)
}

export const inStore = async (redis: TestRedis): Promise<SealedEntry[]> =>
  (await redis.admin.xrange(logKeyOf(), '-', '+')).map(([, fields]) => open(fields[1] as string))
