// How the service is, and who is asking it.

import { type Static, Type } from 'typebox'
import { choice, ref } from './members.js'
import { LIMITS, ROLES } from './words.js'

export const Live = Type.Object({ status: Type.Literal('live') }, { $id: 'Live' })
export type Live = Static<typeof Live>

export const Condition = Type.Object(
  {
    code: Type.String(),
    detail: Type.Optional(Type.String({ description: "For a viewer's token, or a higher one" })),
  },
  { $id: 'Condition', description: 'Something less than well' },
)
/** As the service knows it. */
export type Condition = Required<Static<typeof Condition>>

export const Ready = Type.Object(
  {
    status: choice(['ready', 'degraded', 'not-ready']),
    environment: Type.Optional(Type.String()),
    head: Type.Optional(Type.Integer()),
    revision: Type.Optional(Type.Integer()),
    degraded: Type.Array(ref(Condition)),
  },
  {
    $id: 'Ready',
    description:
      'Without a token of role `viewer` or higher the status and the codes alone, each code once: the rest is for people of the service.',
  },
)
export type Ready = Static<typeof Ready>

export const Whoami = Type.Object(
  {
    environment: Type.String(),
    version: Type.String({ description: 'Of the service' }),
    id: Type.String(),
    role: choice(ROLES),
    only: Type.Optional(choice(LIMITS)),
    apps: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'Whoami' },
)
export type Whoami = Static<typeof Whoami>
