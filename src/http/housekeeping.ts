// GET /v1/housekeeping: what somebody should tidy up; and the same as numbers in the metrics.

import { Type } from 'typebox'
import { badInput, by } from '../domain/errors.js'
import { type Housekeeping, housekeepingOf, LIMITS } from '../domain/housekeeping.js'
import { isOpen } from '../domain/incident.js'
import { choice, Proof, time } from './members.js'
import type { App, Parts } from './parts.js'

const hold = {
  flag: Type.String(),
  hold: Type.String(),
  actor: Type.String(),
  since: time('When it was put'),
  incident: Type.Optional(Type.String()),
}
const leaving = { owner: Type.String(), until: Type.String() }
const Answer = Type.Object({
  environment: Type.String(),
  at: time('Now'),
  olderThan: Type.String(),
  notSince: Type.String(),
  count: Type.Integer({ description: 'How much there is to tidy up' }),
  unattended: Type.Array(
    Type.Object({
      ...hold,
      why: choice(
        ['none', 'undeclared', 'resolved'],
        'No incident was named; nobody declared it; it is over and the hold stays',
      ),
      left: Type.Optional(Type.Object(leaving)),
    }),
    { description: 'Flags killed with no open incident' },
  ),
  longKilled: Type.Array(Type.Object({ ...hold, ageMs: Type.Number() }), {
    description: 'Killed longer than ?olderThan=',
  }),
  paperwork: Type.Array(
    Type.Object({
      place: Type.Integer(),
      flag: Type.String(),
      hold: Type.String(),
      actor: Type.String(),
      at: time('Of the kill'),
      incident: Type.Optional(Type.String()),
      missing: Type.Array(choice(['incident', 'step', 'reason'])),
    }),
    {
      description:
        'Kills whose paperwork nobody has made good: by declaring or adopting; by a note of kind impact, cause, resolution or action; by the resolve; or, of a kill without incident, by its restore',
    },
  ),
  unexercised: Type.Array(
    Type.Object({ flag: Type.String(), application: Type.String(), lastProof: Type.Optional(Proof) }),
    { description: 'Flags never flipped or drilled, or not within ?notSince=' },
  ),
  left: Type.Array(Type.Object({ ...hold, ...leaving, overdue: Type.Boolean() }), {
    description: 'Left held at a resolve, with who looks after it until when',
  }),
})

const KINDS: [keyof Housekeeping, string][] = [
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
    'incidents_open',
    'Incidents that are not resolved',
    () => [...log.state.incidents.values()].filter(isOpen).length,
  )
  app.get(
    '/v1/housekeeping',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'housekeeping',
        summary: 'What somebody should tidy up',
        tags: ['incidents'],
        querystring: Type.Object(
          {
            olderThan: Type.Optional(duration('24h', 'Killed longer than this')),
            notSince: Type.Optional(duration('90d', 'Not flipped or drilled for so long')),
          },
          { additionalProperties: false },
        ),
        response: { 200: Answer },
      },
    },
    async request => {
      parts.assertKnown()
      const { olderThan = '24h', notSince = '90d' } = request.query
      const limits = { olderThanMs: milliseconds(olderThan), notSinceMs: milliseconds(notSince) }
      const now = clock()
      const found = housekeepingOf(log.known, limits, now)
      const count = KINDS.reduce((sum, [kind]) => sum + found[kind].length, 0)
      return { environment, at: new Date(now).toISOString(), olderThan, notSince, count, ...shown(found) }
    },
  )
}

const shown = ({ paperwork, ...rest }: Housekeeping) => ({
  ...rest,
  paperwork: paperwork.map(gap => ({ ...gap, missing: [...gap.missing] })),
})

const duration = (byDefault: string, description: string) =>
  Type.String({ description: `${description}: 30m, 12h, 7d; by default ${byDefault}`, maxLength: 20 })

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
