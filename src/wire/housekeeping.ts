// What somebody should tidy up.

import { type Static, Type } from 'typebox'
import { Apart } from './convergence.js'
import { LastProof } from './flag.js'
import { choice, ref, strict, time } from './members.js'

const duration = (byDefault: string, description: string) =>
  Type.String({ description: `${description}: 30m, 12h, 7d; by default ${byDefault}`, maxLength: 20 })
export const HousekeepingQuery = Type.Object(
  {
    olderThan: Type.Optional(duration('24h', 'Killed longer than this')),
    notSince: Type.Optional(duration('90d', 'Not flipped or drilled for so long')),
  },
  strict,
)

const untidy = {
  flag: Type.String(),
  hold: Type.String(),
  actor: Type.String(),
  since: time('When it was put'),
  incident: Type.Optional(Type.String()),
}
const leaving = { owner: Type.String(), until: Type.String() }

export const Gap = Type.Object(
  {
    place: Type.Integer({ description: 'The kill' }),
    flag: Type.String(),
    hold: Type.String(),
    actor: Type.String(),
    at: time('Of the kill'),
    incident: Type.Optional(Type.String()),
    missing: Type.Array(
      choice(
        ['incident', 'step', 'reason'],
        'incident: none, or one nobody declared; step: none that holds; reason: none, and no step whose text serves',
      ),
    ),
  },
  { $id: 'Gap', description: 'A kill whose paperwork nobody has made good' },
)
export type Gap = Static<typeof Gap>

export const Housekeeping = Type.Object(
  {
    environment: Type.String(),
    at: time('Now'),
    olderThan: Type.String(),
    notSince: Type.String(),
    count: Type.Integer({ description: 'How much there is to tidy up' }),
    unattended: Type.Array(
      Type.Object({
        ...untidy,
        why: choice(
          ['none', 'undeclared', 'resolved'],
          'No incident was named; nobody declared it; it is over and the hold stays',
        ),
        left: Type.Optional(Type.Object(leaving)),
      }),
      { description: 'Flags killed with no open incident' },
    ),
    longKilled: Type.Array(Type.Object({ ...untidy, ageMs: Type.Number() }), {
      description: 'Killed longer than ?olderThan=',
    }),
    paperwork: Type.Array(ref(Gap), {
      description:
        'Kills whose paperwork nobody has made good: by declaring or adopting; by a note of kind impact, cause, resolution or action; by the resolve; or, of a kill without incident, by its restore',
    }),
    unexercised: Type.Array(
      Type.Object({
        flag: Type.String(),
        application: Type.String(),
        lastProof: Type.Optional(ref(LastProof)),
      }),
      { description: 'Flags never flipped or drilled, or not within ?notSince=' },
    ),
    left: Type.Array(Type.Object({ ...untidy, ...leaving, overdue: Type.Boolean() }), {
      description: 'Left held at a resolve, with who looks after it until when',
    }),
    apart: Type.Array(Type.Object({ app: Type.String(), instance: Type.String(), ...Apart.properties }), {
      description: 'App instances that stand apart from the log; 50 at most',
    }),
  },
  { $id: 'Housekeeping' },
)
export type Housekeeping = Static<typeof Housekeeping>
