// GET /v1/housekeeping: what somebody should tidy up; and the same as numbers in the metrics.

import { badInput, by } from '../domain/errors.js'
import { type Found, housekeepingOf, LIMITS } from '../domain/housekeeping.js'
import { isOpen } from '../domain/incident/incident.js'
import { Housekeeping, HousekeepingQuery } from '../wire/housekeeping.js'
import { ref } from '../wire/members.js'
import type { App, Parts } from './parts.js'

const KINDS: [keyof Found, string][] = [
  ['unattended', 'Holds with no open incident'],
  ['longKilled', 'Holds older than a day'],
  ['paperwork', 'Kills whose paperwork is missing still'],
  ['unexercised', 'Flags neither flipped nor drilled for 90 days, or ever'],
  ['left', 'Holds left at a resolve'],
]

export function housekeepingRoutes(app: App, parts: Parts): void {
  const { log, clock, environment, metrics } = parts
  const standing = () => housekeepingOf(log.known, LIMITS, clock())
  for (const [kind, help] of KINDS)
    metrics.gauge(`housekeeping_${snake(kind)}`, help, () => standing()[kind].length)
  metrics.gauge(
    'housekeeping_left_overdue',
    'Holds left at a resolve whose date is over',
    () => standing().left.filter(each => each.overdue).length,
  )
  metrics.gauge(
    'housekeeping_apart',
    'App instances that stand apart from the log',
    () => parts.fleetCondition.apart().length,
  )
  metrics.gauge(
    'incidents_open',
    'Incidents that are not resolved',
    () => [...log.state.incidents.values()].filter(isOpen).length,
  )
  app.get(
    '/v1/housekeeping',
    {
      config: { access: 'viewer', limited: 'read' },
      schema: {
        operationId: 'housekeeping',
        summary: 'What somebody should tidy up',
        tags: ['incidents'],
        querystring: HousekeepingQuery,
        response: { 200: ref(Housekeeping) },
      },
    },
    async request => {
      parts.assertKnown()
      const { olderThan = '24h', notSince = '90d' } = request.query
      const limits = { olderThanMs: milliseconds(olderThan), notSinceMs: milliseconds(notSince) }
      const now = clock()
      const found = housekeepingOf(log.known, limits, now)
      const count = KINDS.reduce((sum, [kind]) => sum + found[kind].length, 0)
      const apart = parts.fleetCondition.apart()
      return {
        ...{ environment, at: new Date(now).toISOString(), olderThan, notSince },
        ...{ count: count + apart.length, ...found, apart: apart.slice(0, 50) },
      }
    },
  )
}

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 }

function milliseconds(given: string): number {
  const [, number, unit = 'd'] = /^(\d{1,6})([mhd])$/.exec(given) ?? []
  if (number !== undefined) return Number(number) * (UNITS[unit] as number)
  throw badInput(
    { in: 'query', path: 'query.longerThan', rule: 'format', problem: 'is no duration' },
    `"${given}" is no duration.`,
    by('Give minutes, hours or days, such as 30m, 12h or 7d.'),
  )
}

const snake = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
