// What to do about a problem or a warning: a sentence, and where there is one the exact request.

import { type Static, Type } from 'typebox'
import { choice, ref } from './members.js'

export const Call = Type.Object(
  {
    method: choice(['GET', 'POST']),
    path: Type.String(),
    body: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'Call', description: 'A request to this service, exact enough to be sent' },
)
export type Call = Static<typeof Call>

export const Way = Type.Object(
  {
    text: Type.String({ description: 'The whole sentence' }),
    does: Type.Optional(
      Type.String({ description: 'What the call does, or what sending these members does' }),
    ),
    call: Type.Optional(ref(Call)),
    fill: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Members of the body of `call` that only the caller knows: it is refused without them',
      }),
    ),
    send: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Members to add to the request that was refused',
      }),
    ),
  },
  { $id: 'Way', description: 'One way out' },
)
export type Way = Static<typeof Way>
