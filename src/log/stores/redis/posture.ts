// Looks at how the Redis it is given is set up, and says what could lose the log. Changes nothing, and never tries a
// flush out: it asks Redis whether it would be permitted.

import { KillswitchError } from '../../../domain/errors.js'
import { type Client, mayRun } from './commands.js'
import { codeOf } from './errors.js'
import type { Keys } from './keys.js'

/**
 * `refuse`: with this Redis the service must not start. `warning`: it may, and an operator should know. `seen` is said of
 * Redis and ends without a stop; `cure` is a sentence, or empty where nothing is wrong.
 */
export type Finding = { level: 'ok' | 'warning' | 'refuse'; check: string; seen: string; cure: string }

/**
 * What the service's user needs in Redis's ACL, and no more. The second list is only read by these checks: without
 * it each becomes a warning. The third moves a damaged log aside, on the keys named and no other.
 * `user killswitch on >secret ~killswitch:* resetchannels -@all <all lists>`
 */
export const ACL_COMMANDS = {
  needed: [
    '+eval',
    '+evalsha',
    '+type',
    '+xadd',
    '+xlen',
    '+xrange',
    '+xrevrange',
    '+xread',
    '+hset',
    '+hget',
    '+hdel',
    '+hlen',
    '+hvals',
    '+ping',
    '+info',
    '+select',
    '+client|setname',
    '+cluster|slots',
    '+cluster|info',
  ],
  forPosture: ['+config|get', '+acl|dryrun', '+acl|getuser', '+time', '+dbsize', '+exists'],
  forMending: [
    '+xinfo|stream',
    '(+rename ~killswitch:*:log ~killswitch:*:flags ~killswitch:*:meta ~killswitch:*:about ~killswitch:*:damaged:*)',
  ],
} as const

type Single = Pick<Client, 'call' | 'info' | 'config' | 'time' | 'dbsize' | 'exists'>
type Check = (redis: Single, keys: Keys) => Promise<Finding>

export async function checkPosture(client: Client, keys: Keys): Promise<Finding[]> {
  const nodes: Single[] = 'nodes' in client ? client.nodes('master') : [client]
  const findings = await Promise.all(
    nodes.map(node =>
      Promise.all(Object.entries(CHECKS).map(([name, check]) => run(name, check, node, keys))),
    ),
  )
  return findings.flat()
}

const sayFinding = ({ seen, cure }: Pick<Finding, 'seen' | 'cure'>): string => `Redis: ${seen}. ${cure}`

/** What an operator should know of it, as /readyz says it. */
export const conditionsOf = (findings: readonly Finding[]): { code: string; detail: string }[] =>
  findings
    .filter(({ level }) => level === 'warning')
    .map(finding => ({ code: `redis-${finding.check}`, detail: sayFinding(finding) }))

/** Throws `configuration` with every cure where a finding says that the service must not start. */
export function refuseUnsafe(findings: readonly Finding[]): void {
  const refused = findings.filter(({ level }) => level === 'refuse')
  if (refused.length === 0) return
  const list = refused.map(sayFinding).join('\n')
  throw new KillswitchError('configuration', `This Redis cannot hold a kill switch's log. ${list}`, {
    findings: refused,
  })
}

async function run(check: string, ask: Check, redis: Single, keys: Keys): Promise<Finding> {
  try {
    return { ...(await ask(redis, keys)), check }
  } catch (error) {
    if (!['NOPERM', 'unknown-command'].includes(codeOf(error) ?? '')) throw error
    return {
      level: 'warning',
      check,
      seen: `${check} could not be looked at (${(error as Error).message})`,
      cure: 'Permit the user of the service to look, as in deploy/redis/users.acl, or look by hand.',
    }
  }
}

const ok = (check: string, seen: string): Finding => ({ level: 'ok', check, seen, cure: '' })

const setting = async (redis: Single, name: string): Promise<string> =>
  ((await redis.config('GET', name)) as string[])[1] ?? ''

const inInfo = (info: string, field: string): string =>
  new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''

const CHECKS: Readonly<Record<string, Check>> = {
  async version(redis) {
    const version = inInfo(await redis.info('server'), 'redis_version')
    if (Number.parseInt(version, 10) >= 7) return ok('version', version)
    const seen = `Redis ${version || 'of an unknown version'}`
    return {
      level: 'refuse',
      check: 'version',
      seen,
      cure: 'Use Redis 7.0 or later: older ones do not know #!lua flags.',
    }
  },

  async role(redis) {
    const role = inInfo(await redis.info('replication'), 'role')
    if (role === 'master') return ok('role', role)
    const cure =
      'Point KILLSWITCH_REDIS_URL at the master: a replica takes no writes, so that no flip is committed.'
    return { level: 'warning', check: 'role', seen: `its role is ${role}`, cure }
  },

  async appendonly(redis) {
    const value = await setting(redis, 'appendonly')
    if (value === 'yes') return ok('appendonly', value)
    const cure = 'Set appendonly yes: without it a restart loses acknowledged flips.'
    return { level: 'warning', check: 'appendonly', seen: `appendonly ${value}`, cure }
  },

  async appendfsync(redis) {
    const value = await setting(redis, 'appendfsync')
    if (value === 'always') return ok('appendfsync', value)
    const cure = 'Set appendfsync always: otherwise a loss of power loses acknowledged flips.'
    return { level: 'warning', check: 'appendfsync', seen: `appendfsync ${value}`, cure }
  },

  /** Keys without a TTL are safe under volatile-*, but not after one CONFIG SET more; allkeys-* deletes the log. */
  async eviction(redis) {
    const value = await setting(redis, 'maxmemory-policy')
    if (value === 'noeviction') return ok('eviction', value)
    const level = value.startsWith('allkeys-') ? 'refuse' : 'warning'
    const cure = 'Set maxmemory-policy noeviction: anything else may delete the log when memory runs out.'
    return { level, check: 'eviction', seen: `maxmemory-policy ${value}`, cure }
  },

  async flush(redis) {
    const may = await mayRun(redis, 'flushall', 'flushdb')
    if (may.length === 0) return ok('flush', 'the user of the service may not flush')
    const seen = `the user of the service may run ${may.map(name => name.toUpperCase()).join(' and ')}`
    return {
      level: 'warning',
      check: 'flush',
      seen,
      cure: 'Give the service a user of its own that may not, such as the one in deploy/redis/users.acl.',
    }
  },

  async 'flush-by-default'(redis) {
    const [all, db] = await Promise.all(['flushall', 'flushdb'].map(name => mayDefault(redis, name)))
    if (!all && !db) return ok('flush-by-default', 'the user default may not flush')
    const user = (await redis.call('ACL', 'GETUSER', 'default')) as [string, string[]]
    if (user[1]?.includes('off')) return ok('flush-by-default', 'the user default is off')
    const cure =
      'Turn that user off, or set -flushall -flushdb for it: a runbook tells people to run FLUSHALL.'
    return { level: 'warning', check: 'flush-by-default', seen: 'the user default may flush', cure }
  },

  async mending(redis, { log, damagedLog }) {
    const may = await mayRun(redis, `rename ${log} ${damagedLog}`)
    if (may.length > 0) return ok('mending', 'the user of the service may move a damaged log aside')
    const right = ACL_COMMANDS.forMending.join(' ')
    const cure = `Permit it, so that a log that something else wrote to or cut is put right: ACL SETUSER <user> ${right}.`
    const seen = 'the user of the service may not move a damaged log aside'
    return { level: 'warning', check: 'mending', seen, cure }
  },

  async neighbours(redis, keys) {
    const [all, ours] = await Promise.all([redis.dbsize(), redis.exists(...Object.values(keys))])
    if (all <= ours) return ok('neighbours', 'the database is ours alone')
    const seen = `keys in the database that are not ours: ${all - ours}`
    const cure = 'Give the service a Redis of its own: whoever empties theirs empties the log with it.'
    return { level: 'warning', check: 'neighbours', seen, cure }
  },

  /** Whether it may be asked: every look at the log compares it (`follow/hours.ts`). */
  async clock(redis) {
    await redis.time()
    return ok('clock', 'it tells the hour')
  },
}

async function mayDefault(redis: Single, command: string): Promise<boolean> {
  return (await redis.call('ACL', 'DRYRUN', 'default', command)) === 'OK'
}
