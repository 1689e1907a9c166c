// Which app instances have applied a flip, by name.

import { type Static, Type } from 'typebox'
import { choice, ref, time } from './members.js'

export const Laggard = Type.Object(
  {
    instance: Type.String(),
    lastHeardAt: time('By the service'),
    ageMs: Type.Number(),
    revision: Type.Integer(),
  },
  {
    $id: 'Laggard',
    description: 'An instance that has not confirmed: when it was last heard of, and at which revision',
  },
)
export type Laggard = Static<typeof Laggard>

export const Convergence = Type.Object(
  {
    status: choice(
      ['confirmed', 'pending', 'unproven'],
      'confirmed: every live instance has applied it; unproven: no instance is there to prove it',
    ),
    revision: Type.Integer(),
    application: Type.String(),
    applied: Type.Array(Type.String()),
    pending: Type.Array(ref(Laggard)),
    lost: Type.Array(ref(Laggard), { description: 'Not heard of for 45 s, and not shut down in order' }),
    served: Type.Integer({
      description: 'Clients without receipts answered at or past it (OFREP, flagd, serverless): weaker',
    }),
    firstMs: Type.Optional(Type.Number({ description: 'From the flip to the first application heard of' })),
    lastMs: Type.Optional(Type.Number({ description: 'From the flip to the last application heard of' })),
  },
  { $id: 'Convergence', description: 'Which app instances have applied it, by name' },
)
export type Convergence = Static<typeof Convergence>
