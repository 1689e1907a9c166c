// What is asked of the log as a whole: how many entries of each kind, and who had which role.

import { type Static, Type } from 'typebox'
import { filters } from './audit-filter.js'
import { Credential } from './credentials.js'
import { drills, hour } from './insights.js'
import { choice, orNull, ref, strict, time } from './members.js'
import { ROLES, VIAS } from './words.js'

const unreadable = Type.Optional(
  Type.String({ description: "Which entries are left out, because this instance's disk is damaged" }),
)

export const CountsQuery = Type.Object(
  {
    by: Type.String({
      description:
        'One or several, with commas: flag, step, actor, action, outcome, application, incident, severity, day, month',
      minLength: 1,
      maxLength: 200,
      examples: ['flag,day'],
    }),
    ...filters,
    drill: drills,
  },
  strict,
)
export type CountsQuery = Static<typeof CountsQuery>

const value = (description: string) => Type.Optional(orNull(Type.String({ description })))
export const CountGroup = Type.Object(
  {
    flag: value('Null in each of these: the entries that have none'),
    step: value('The id of the step'),
    actor: value('Who'),
    action: value('What'),
    outcome: value('applied, unchanged or refused'),
    application: value('Of the flag'),
    incident: value('The incident'),
    severity: value('That of the incident then'),
    day: value('In UTC: 2026-11-20'),
    month: value('In UTC: 2026-11'),
    count: Type.Integer(),
  },
  { $id: 'CountGroup', description: 'It has the members that were counted by' },
)
export type CountGroup = Static<typeof CountGroup>

export const AuditCounts = Type.Object(
  {
    environment: Type.String(),
    by: Type.Array(Type.String()),
    drill: choice(['false', 'true', 'any']),
    total: Type.Integer({
      description: 'Entries that match; one of several flags is in the group of each, and once in here',
    }),
    groups: Type.Array(ref(CountGroup), {
      description: 'The largest first; with day or month in "by", oldest first',
    }),
    more: Type.Optional(
      Type.String({ description: 'What is left out, where there are more groups than one answer has' }),
    ),
    cut: Type.Optional(
      Type.String({
        description: 'From when on it was counted, where more entries match than one request counts',
      }),
    ),
    unreadable,
  },
  { $id: 'AuditCounts' },
)
export type AuditCounts = Static<typeof AuditCounts>

export const RolesQuery = Type.Object(
  {
    at: Type.Optional(hour('RFC 3339; now, if absent')),
    actor: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 20 })),
  },
  strict,
)
export type RolesQuery = Static<typeof RolesQuery>

export const AuditRoles = Type.Object(
  {
    environment: Type.String(),
    at: Type.String(),
    roles: Type.Array(
      Type.Object({
        actor: Type.String(),
        role: choice(ROLES),
        via: choice(VIAS),
        entry: Type.Integer({ description: 'The place of the entry that shows it' }),
        entryAt: time('Of that entry'),
      }),
      { description: 'By actor, as the entries of each show it' },
    ),
    files: Type.Array(
      Type.Object({
        instance: Type.String({ description: 'The instance of the service whose tokens file it is' }),
        entry: Type.Integer({ description: 'The place of the entry that tells it' }),
        may: Type.Array(ref(Credential)),
      }),
      { description: 'Who might do what by the tokens files then, as the log has been told' },
    ),
    detail: Type.String({ description: 'What this shows, and what it cannot' }),
    unknown: Type.Array(Type.String(), { description: 'What cannot be known of that time, a sentence each' }),
    more: Type.Optional(Type.String({ description: 'What is left out, where there are too many actors' })),
    unreadable,
  },
  { $id: 'AuditRoles' },
)
export type AuditRoles = Static<typeof AuditRoles>
