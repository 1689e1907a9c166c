// The fleet as the API shows it: a page of instances, by application and name.

import { toTimestamp } from '../../domain/clock.js'
import { badInput } from '../../domain/errors.js'
import { apartOf } from '../../domain/fleet/apart.js'
import { livenessOf, type Member, shownAt } from '../../domain/fleet/member.js'
import type { Instance, InstanceList, InstanceQuery, Liveness } from '../../wire/instance.js'
import type { Parts } from '../parts.js'

/** Whatever apps call themselves, a page stays below 64 KB. */
const MOST_BYTES = 48 * 1024

export function presentInstances(
  parts: Parts,
  { app, liveness, limit = 50, cursor }: InstanceQuery,
): InstanceList {
  const { fleet, log, environment } = parts
  const { now } = fleet
  const count: Record<Liveness, number> = {
    live: 0,
    awaited: 0,
    lost: 0,
    closed: 0,
    forgotten: 0,
    replaced: 0,
  }
  const listed: { key: string; member: Member }[] = []
  const after = cursor === undefined ? '' : readCursor(cursor)
  for (const member of fleet.members(app)) {
    // a name is shown once, as the process that has it now
    if (fleet.isSucceeded(member)) continue
    const found = livenessOf(member, now)
    count[found]++
    const key = `${member.app}\n${member.instance}\n${member.id}`
    if ((liveness === undefined || liveness === found) && key > after) listed.push({ key, member })
  }
  listed.sort((a, b) => (a.key < b.key ? -1 : 1))
  const instances: Instance[] = []
  let bytes = 0
  let last = ''
  for (const { key, member } of listed.slice(0, limit)) {
    const shown = presentInstance(parts, member, now)
    bytes += Buffer.byteLength(JSON.stringify(shown))
    if (instances.length > 0 && bytes > MOST_BYTES) break
    instances.push(shown)
    last = key
  }
  let refused = 0
  for (const [of, times] of fleet.refused) if (app === undefined || of === app) refused += times
  return {
    ...{ environment, revision: log.state.revision, ...count, refused, instances },
    ...(instances.length < listed.length ? { next: Buffer.from(last).toString('base64url') } : {}),
  }
}

function presentInstance({ log, fleet }: Parts, member: Member, now: number): Instance {
  const { instance, app, proves, heardAt, openedAt, receipt } = member
  const { sdk, startedAt, boot, fork, answer } = receipt ?? {}
  return {
    ...{ instance, app, liveness: livenessOf(member, now), proves },
    lastHeardAt: toTimestamp(fleet.dateOf(heardAt)),
    ageMs: Math.max(0, now - heardAt),
    openedAt: toTimestamp(fleet.dateOf(openedAt)),
    ...(receipt === undefined ? {} : { log: answer?.log ?? receipt.log }),
    revision: receipt?.revision ?? 0,
    current: shownAt(member, log.state.revision) !== undefined,
    apart: [...apartOf(member, log.known)],
    ...(sdk === undefined ? {} : { sdk }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(boot === undefined ? {} : { boot }),
    ...(fork === undefined ? {} : { fork }),
  }
}

function readCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString()
  if (key.split('\n').length === 3) return key
  throw badInput(
    { in: 'query', path: 'query.cursor', problem: 'is not one of ours' },
    'The cursor is none of this list.',
  )
}
