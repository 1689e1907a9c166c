// What is proved of a flip: which app instances have shown that they applied it, by name.

import { type Static, Type } from 'typebox'
import { choice, ref, time } from './members.js'
import { APARTS, PROOF_LIMITS, PROOFS } from './words.js'

export const Laggard = Type.Object(
  {
    instance: Type.String(),
    lastHeardAt: time('By the service'),
    ageMs: Type.Number(),
    revision: Type.Integer({ description: 'The one it reported last; 0 where it reported none' }),
  },
  {
    $id: 'Laggard',
    description: 'An instance that has not shown it: when it was last heard of, and at which revision',
  },
)
export type Laggard = Static<typeof Laggard>

export const Apart = Type.Object(
  {
    code: choice(APARTS),
    detail: Type.String({ description: 'How it stands apart, in a sentence' }),
    flags: Type.Optional(Type.Array(Type.String(), { description: 'Of `holding` and `forced`: the flags' })),
  },
  { $id: 'Apart', description: 'How an app instance stands apart from the log' },
)
export type Apart = Static<typeof Apart>

export const Convergence = Type.Object(
  {
    status: choice(
      PROOFS,
      'confirmed: all have shown it; pending: they still may; unconfirmed: time is up, or who is missing is lost or cannot prove; unproven: nobody is there to prove it',
    ),
    detail: Type.String({ description: 'The same in a sentence' }),
    revision: Type.Integer({ description: 'The flip; of a provisional kill the newest entry there is' }),
    application: Type.String(),
    count: Type.Object(
      {
        applied: Type.Integer(),
        pending: Type.Integer(),
        lost: Type.Integer(),
        cannotProve: Type.Integer(),
        expired: Type.Integer(),
        apart: Type.Integer(),
      },
      { description: 'Exact; the lists beside it name 50 instances together, who is missing first' },
    ),
    applied: Type.Array(Type.String()),
    pending: Type.Array(ref(Laggard), {
      description: 'Live, or known from before this service started; not shown yet',
    }),
    lost: Type.Array(ref(Laggard), {
      description: 'Not heard of for 45 s, no goodbye, and not shown: it may run as it last knew',
    }),
    cannotProve: Type.Array(ref(Laggard), {
      description: 'Without a session: an older SDK, or one with `receipts: false`',
    }),
    expired: Type.Array(Type.String(), {
      description: 'Lost, and off by their own limit since: the flag is `onStale: kill`',
    }),
    apart: Type.Array(Type.Object({ instance: Type.String(), ...Apart.properties }), {
      description: 'Instances that stand apart from the log, wherever else they are listed',
    }),
    because: Type.Array(Type.Object({ code: choice(PROOF_LIMITS), detail: Type.String() }), {
      description: 'What else keeps it from being confirmed',
    }),
    served: Type.Integer({
      description:
        'Clients without receipts answered at or past it (OFREP, flagd, serverless): not covered by the proof',
    }),
    firstMs: Type.Optional(Type.Number({ description: 'From the flip to the first application heard of' })),
    lastMs: Type.Optional(Type.Number({ description: 'From the flip to the last application heard of' })),
  },
  { $id: 'Convergence', description: 'Which app instances have shown that they applied it, as of now' },
)
export type Convergence = Static<typeof Convergence>

export const Proof = Type.Object(
  {
    status: choice(PROOFS),
    detail: Type.String({ description: 'The same in a sentence' }),
    flag: Type.Optional(Type.String()),
    place: Type.Optional(Type.Integer({ description: 'The entry that says so' })),
    at: Type.Optional(time('When it was written')),
    applied: Type.Integer(),
    of: Type.Integer({ description: 'How many instances were to apply it' }),
  },
  { $id: 'Proof', description: 'What the log says was proved of a flip, and since when' },
)
export type Proof = Static<typeof Proof>
