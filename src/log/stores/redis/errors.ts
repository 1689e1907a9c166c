// Says what a failed Redis command means: certain that nothing was done, or not known. Carries no error object of the
// client library out of this folder: those hold the arguments of their command, a password among them.

import { KillswitchError } from '../../../domain/errors.js'

/** Replies that come before a command runs, or from a check ahead of every write. What was seen, and what to do. */
const NOTHING_DONE: Readonly<Record<string, readonly [seen: string, cure: string]>> = {
  READONLY: [
    'is a read-only replica',
    'point KILLSWITCH_REDIS_URL at the master, or wait for the failover to end',
  ],
  LOADING: ['is still loading its data from disk', 'wait: it serves when the load is done'],
  NOAUTH: ['wants a password and was given none', 'put user and password into KILLSWITCH_REDIS_URL'],
  WRONGPASS: [
    'refuses the user name or password',
    'correct both in KILLSWITCH_REDIS_URL, or the user in its ACL',
  ],
  NOPERM: [
    'does not permit this user a command the service needs',
    "compare the user's ACL with the documented list",
  ],
  MISCONF: ['refuses writes because it cannot persist them', 'look at its log: a full disk, as a rule'],
  BUSY: [
    "is blocked by another client's slow script",
    'SCRIPT KILL ends a script that has written nothing yet',
  ],
  OOM: ['is out of memory', 'free memory or raise maxmemory'],
  NOREPLICAS: ['has fewer replicas than min-replicas-to-write', 'bring the replicas back'],
  WRONGTYPE: [
    'holds something else under a key of the service',
    'find who writes there, and give each a database',
  ],
  MASTERDOWN: ['is a replica that has lost its master', 'bring the master back, or fail over'],
  CLUSTERDOWN: ['is a cluster that does not serve our slot', 'look at CLUSTER INFO'],
  MOVED: ['is a cluster, and our slot is elsewhere', 'use redis+cluster:// in KILLSWITCH_REDIS_URL'],
  ASK: ['is a cluster that is moving our slot', 'wait for the move to end'],
  TRYAGAIN: ['is a cluster that is moving our slot', 'wait for the move to end'],
  CROSSSLOT: [
    'is a cluster and wants all keys in one slot',
    'report this: the keys of the service share a hash tag',
  ],
  NOSCRIPT: [
    "does not keep the service's script",
    'look for a proxy in between, or a SCRIPT FLUSH in a loop',
  ],
  DENIED: ['is in protected mode', 'set a password, or bind it to the right address'],
  NOPROTO: ['does not speak the protocol', 'use Redis 7.0 or later'],
}

/** Further replies that tell for certain that nothing was done, by their words. */
const NOTHING_DONE_BY_WORDS: readonly (readonly [words: RegExp, as: string])[] = [
  [/can't run this command|can't access at least one of the keys/, 'NOPERM'], // inside a script; writes are checked ahead
  [/Script killed by user/, 'BUSY'], // Redis kills no script that has written
]

/** What a rejection is, with no secret in it. `certain`: the command was not and will not be executed. */
export type Failure = { certain: boolean; detail: string; timedOut: boolean }

export function explain(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && error.name === 'ReplyError') return explainReply(message)
  const timedOut = /timed out|ETIMEDOUT/.test(message)
  if (/enableOfflineQueue options is false/.test(message)) {
    return { certain: true, detail: 'is not connected', timedOut: false }
  }
  if (timedOut) return { certain: false, detail: 'did not answer in time', timedOut }
  const cut = /closed|max retries|ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_/.test(message)
  return {
    certain: false,
    detail: cut ? lostConnection(message) : `failed (${firstLine(message)})`,
    timedOut,
  }
}

/** The client library's own words where they help: which address refused, which name is not known. */
const lostConnection = (message: string): string =>
  /E[A-Z]{4}/.test(message) ? `cannot be reached (${firstLine(message)})` : 'lost the connection'

function explainReply(message: string): Failure {
  const byWords = NOTHING_DONE_BY_WORDS.find(([words]) => words.test(message))?.[1]
  const known = NOTHING_DONE[byWords ?? message.split(' ', 1)[0] ?? '']
  const said = `It said: ${firstLine(message)}`
  if (known) return { certain: true, detail: `${known[0]}; ${known[1]}. ${said}`, timedOut: false }
  const certain = /^ERR unknown command|^ERR max number of clients/.test(message)
  return { certain, detail: `answered with an error. ${said}`, timedOut: false }
}

/** The failure of a command that writes: what is not certainly undone may be done, or may still be. */
export function writeFailure(where: string, { certain, detail }: Failure): KillswitchError {
  if (certain) return unavailable(where, detail)
  return new KillswitchError(
    'outcome-unknown',
    `Redis at ${where} ${detail} after the command was sent: it may have been done, or may still be. ` +
      'Ask for the flip by its id before trying anything else.',
  )
}

export const unavailable = (where: string, detail: string): KillswitchError =>
  new KillswitchError('store-unavailable', `Redis at ${where} ${detail}`)

/** An old server repeats the arguments of a command it does not know, the password of a HELLO included. */
const firstLine = (message: string): string =>
  (message.split(/\r?\n/, 1)[0] ?? '').replace(/,? with args beginning with.*/, '').slice(0, 300)
